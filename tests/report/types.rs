//! TypeScript's interfaces, as far as `www/types.d.ts` uses them, and whether a value is of one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

#[derive(Clone, Debug)]
enum Type {
    /// `string`, `number`, `bigint`, `boolean`, `null`, `true`, `false`, or an interface.
    Name(String),
    Literal(String),
    List(Box<Type>),
    Object(Vec<(String, bool, Type)>),
    Either(Vec<Type>),
}

/// The interfaces and type aliases of a text.
pub struct Types {
    types: BTreeMap<String, Type>,
    /// Properties that values had, as `Summary.size`.
    seen: BTreeSet<String>,
}

impl Types {
    pub fn read(text: &str) -> Self {
        let mut types = BTreeMap::new();
        let code = uncommented(text);
        for (start, word) in
            ["export interface ", "export type "].iter().flat_map(|word| code.match_indices(word))
        {
            let rest = &code[start + word.len()..];
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            let body = rest[name.len()..].trim_start();
            // Interfaces that have methods or extend others are not of values.
            let Some(body) = body.strip_prefix('=').or(body.starts_with('{').then_some(body)) else {
                continue;
            };
            if let Some(found) = (Parser { rest: body.trim_start().trim_start_matches('|') }).either() {
                types.insert(name, found);
            }
        }
        assert!(!types.is_empty(), "the types are read");
        Self { types, seen: BTreeSet::new() }
    }

    /// Fails, with the place, when `value` is not of the interface `name`.
    pub fn check(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let interface = self.types.get(name).unwrap_or_else(|| panic!("there is no {name}")).clone();
        self.is(&interface, value, name)
    }

    /// Properties of the interface that no value checked had.
    pub fn unseen(&self, name: &str) -> Vec<String> {
        let Type::Object(members) = &self.types[name] else { panic!("{name} is no interface") };
        let names = members.iter().map(|(member, _, _)| format!("{name}.{member}"));
        names.filter(|member| !self.seen.contains(member)).collect()
    }

    fn is(&mut self, wanted: &Type, value: &Value, place: &str) -> Result<(), String> {
        let fail = |wanted: &str| Err(format!("{place} should be {wanted}, but is {value}"));
        match wanted {
            Type::Literal(text) if value == text.as_str() => Ok(()),
            Type::Literal(text) => fail(&format!("'{text}'")),
            Type::List(inner) => {
                let Value::Array(items) = value else { return fail("a list") };
                items.iter().try_for_each(|item| self.is(inner, item, place))
            }
            Type::Either(kinds) => {
                let errors: Vec<String> =
                    kinds.iter().filter_map(|kind| self.is(kind, value, place).err()).collect();
                if errors.len() < kinds.len() { Ok(()) } else { Err(errors.join("; or ")) }
            }
            Type::Object(members) => {
                let Value::Object(map) = value else { return fail("an object") };
                if let Some(unknown) = map.keys().find(|key| !members.iter().any(|(name, _, _)| name == *key))
                {
                    return Err(format!("{place}.{unknown} is in no type"));
                }
                for (name, optional, kind) in members {
                    let inner = format!("{place}.{name}");
                    match map.get(name) {
                        Some(value) => self.is(kind, value, &inner)?,
                        None if *optional => continue,
                        None => return Err(format!("{inner} is missing")),
                    }
                    self.seen.insert(inner);
                }
                Ok(())
            }
            Type::Name(name) => match (name.as_str(), value) {
                ("string", Value::String(_)) | ("number" | "bigint", Value::Number(_)) => Ok(()),
                ("boolean", Value::Bool(_)) | ("null", Value::Null) => Ok(()),
                ("true", Value::Bool(true)) | ("false", Value::Bool(false)) => Ok(()),
                (name, _) if self.types.contains_key(name) => self.check(name, value),
                _ => fail(name),
            },
        }
    }
}

fn uncommented(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, behind)| behind);
    }
    code + rest
}

struct Parser<'t> {
    rest: &'t str,
}

/// `None` for what is no type of a value, as functions are.
impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        let found = self.rest.trim_start().strip_prefix(token);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn word(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn either(&mut self) -> Option<Type> {
        let mut kinds = vec![self.one()?];
        while self.take("|") {
            kinds.push(self.one()?);
        }
        Some(if kinds.len() == 1 { kinds.remove(0) } else { Type::Either(kinds) })
    }

    fn one(&mut self) -> Option<Type> {
        let mut kind = if self.take("{") {
            let mut members = Vec::new();
            while !self.take("}") {
                self.take("readonly ");
                let name = self.word()?;
                let optional = self.take("?");
                if !self.take(":") {
                    return None;
                }
                members.push((name, optional, self.either()?));
                self.take(";");
            }
            Type::Object(members)
        } else if self.take("(") {
            let inner = self.either()?;
            if !self.take(")") {
                return None;
            }
            inner
        } else if self.take("'") {
            let (text, rest) = self.rest.split_once('\'')?;
            let text = text.to_owned();
            self.rest = rest;
            Type::Literal(text)
        } else {
            Type::Name(self.word()?)
        };
        while self.take("[]") {
            kind = Type::List(Box::new(kind));
        }
        Some(kind)
    }
}
