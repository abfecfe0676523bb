//! Values by numeric key. A tree is several KB of code for each type of its keys and values: this one is a tree of
//! places in a list, the same whatever is in the list.

use std::collections::BTreeMap;
use std::ops::Range;

use super::units::{len_u64, to_len};

/// Values by key, in the order of their keys.
#[derive(Clone, Debug)]
pub struct ByKey<V> {
    places: BTreeMap<u64, u64>,
    values: Vec<V>,
}

impl<V> Default for ByKey<V> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), values: Vec::new() }
    }
}

impl<V> ByKey<V> {
    /// The value of `key`.
    pub fn get(&self, key: impl Into<u64>) -> Option<&V> {
        self.values.get(to_len(*self.places.get(&key.into())?))
    }

    /// The value of `key`, which is `new` if there is none yet.
    pub fn entry(&mut self, key: impl Into<u64>, new: V) -> &mut V {
        let len = len_u64(self.values.len());
        let place = *self.places.entry(key.into()).or_insert(len);
        if place == len {
            self.values.push(new);
        }
        self.values.get_mut(to_len(place)).expect("every place is one in the list")
    }

    /// Whether a key of the range has a value.
    pub fn has_in(&self, keys: Range<u64>) -> bool {
        self.places.range(keys).next().is_some()
    }

    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.places.iter().filter_map(|(key, place)| Some((*key, self.values.get(to_len(*place))?)))
    }
}

#[cfg(test)]
mod tests {
    use super::ByKey;

    #[test]
    fn values_come_in_the_order_of_their_keys_and_the_first_stays() {
        let mut values = ByKey::default();
        for (key, value) in [(7_u64, "a"), (3, "b"), (7, "c")] {
            values.entry(key, value);
        }
        *values.entry(9_u32, "d") = "e";
        assert_eq!(values.iter().collect::<Vec<_>>(), [(3, &"b"), (7, &"a"), (9, &"e")]);
        assert_eq!((values.get(7_u32), values.get(8_u32)), (Some(&"a"), None));
        assert!(values.has_in(4..8) && !values.has_in(4..7) && !values.has_in(8..9));
    }
}
