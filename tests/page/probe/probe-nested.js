fetch(self.location.hash.slice(1), { mode: 'no-cors' });
