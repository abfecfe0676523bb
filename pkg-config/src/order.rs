//! The order of the engine's functions: each stands near those it is most like, because servers compress by what was
//! in the 32 KB before. What the functions do and how fast stays the same.

use crate::run::Outcome;
use std::collections::VecDeque;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser, Payload, TypeRef};

/// How many bytes must agree to count.
const GRAM: usize = 6;
/// How far back compression looks, a little less.
const WINDOW: usize = 30_000;
/// What so many functions have says nothing of how alike they are.
const COMMON: usize = 30;

/// The same module with its functions in another order.
pub fn by_likeness(wasm: &[u8]) -> Outcome<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| format!("ordering the engine's functions: {e}");
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|e| failed(&e))? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import.map_err(|e| failed(&e))?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(&wasm[body.range()]),
            _ => {}
        }
    }
    let order = chain(&bodies);
    let mut places = vec![0; order.len()];
    for (place, &function) in (imported..).zip(&order) {
        places[function] = place;
    }
    let mut module = Module::new();
    let mut reorder = Reorder { imported, order, places };
    reorder.parse_core_module(&mut module, Parser::new(0), wasm).map_err(|e| failed(&e))?;
    Ok(module.finish())
}

struct Reorder {
    imported: u32,
    order: Vec<usize>,
    /// The new number of each function that is not imported.
    places: Vec<u32>,
}

impl Reencode for Reorder {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        let own = function.checked_sub(self.imported);
        Ok(own.map_or(function, |own| self.places[own as usize]))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for &function in &self.order {
            functions.function(types[function]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for function in self.order.clone() {
            utils::parse_function_body(self, code, bodies[function].clone())?;
        }
        Ok(())
    }
}

/// The largest first, then always the one of which most is in those just before.
fn chain(bodies: &[&[u8]]) -> Vec<usize> {
    let (grams, holders) = grams(bodies);
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    // How many different grams of each function are in the window, and how often each gram is.
    let mut found = vec![0_u64; bodies.len()];
    let mut seen = vec![0_u32; holders.len()];
    let (mut window, mut window_len) = (VecDeque::new(), 0);
    let mut order = Vec::new();
    while !left.is_empty() {
        // Shares of functions of different lengths, compared without fractions; none of them is empty.
        let share = |&at: &usize| {
            let function = left[at];
            let len = bodies[function].len().max(1) as u64;
            ((found[function] << 32) / len, len, std::cmp::Reverse(function))
        };
        let best = (0..left.len()).max_by_key(share).unwrap_or(0);
        let function = left.swap_remove(best);
        order.push(function);
        window.push_back(function);
        window_len += bodies[function].len();
        for &gram in &grams[function] {
            seen[gram] += 1;
            if seen[gram] == 1 {
                holders[gram].iter().for_each(|&holder| found[holder] += 1);
            }
        }
        while window_len > WINDOW && window.len() > 1 {
            let Some(oldest) = window.pop_front() else { break };
            window_len -= bodies[oldest].len();
            for &gram in &grams[oldest] {
                seen[gram] -= 1;
                if seen[gram] == 0 {
                    holders[gram].iter().for_each(|&holder| found[holder] -= 1);
                }
            }
        }
    }
    order
}

/// The numbers of the grams that each function shares with some others, and the functions that each gram is in.
fn grams(bodies: &[&[u8]]) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    let mut all: Vec<(&[u8], usize)> = Vec::new();
    for (function, body) in bodies.iter().enumerate() {
        all.extend(body.windows(GRAM).map(|gram| (gram, function)));
    }
    all.sort_unstable();
    all.dedup();
    let mut grams = vec![Vec::new(); bodies.len()];
    let mut holders = Vec::new();
    for same in all.chunk_by(|a, b| a.0 == b.0).filter(|same| (2..=COMMON).contains(&same.len())) {
        same.iter().for_each(|(_, function)| grams[*function].push(holders.len()));
        holders.push(same.iter().map(|(_, function)| *function).collect());
    }
    (grams, holders)
}

#[cfg(test)]
mod tests {
    use super::{by_likeness, chain};
    use wasm_encoder::{
        CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Module,
        TypeSection, ValType,
    };
    use wasmparser::{Operator, Parser, Payload};

    #[test]
    fn functions_stand_behind_those_they_are_like() {
        let (a, b) =
            (b"what one of them does, at length".as_slice(), b"and quite another sort of thing!".as_slice());
        let bodies =
            [[a, b"0 and more"].concat(), [b, b"12"].concat(), [a, b"12"].concat(), [b, b"3"].concat()];
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let order = chain(&bodies);
        assert_eq!(order.len(), 4);
        assert_eq!(order[..2], [0, 2]);
        assert_eq!(order[2..].iter().max(), Some(&3));
    }

    /// Functions 1 to 3 return 1 to 3 by way of a call of the function before, the first of which is imported.
    #[test]
    fn who_calls_and_exports_whom_stays() {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], [ValType::I32]);
        types.ty().function([ValType::I32], [ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import("", "zero", EntityType::Function(0));
        let (mut functions, mut exports, mut code) =
            (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        for own in 1..=3 {
            functions.function(0);
            exports.export(&own.to_string(), ExportKind::Func, own);
            let mut body = Function::new([]);
            // The later the longer, so that the order changes.
            (0..own).for_each(|_| _ = body.instructions().nop());
            body.instructions().call(own - 1).i32_const(1).i32_add().end();
            code.function(&body);
        }
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
        let ordered = by_likeness(&module.finish()).unwrap();
        let (mut calls, mut exported) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(&ordered) {
            match payload.unwrap() {
                Payload::ExportSection(section) => {
                    exported.extend(section.into_iter().map(|e| e.unwrap().index))
                }
                Payload::CodeSectionEntry(body) => {
                    let mut nops = 0;
                    for operator in body.get_operators_reader().unwrap() {
                        match operator.unwrap() {
                            Operator::Nop => nops += 1,
                            Operator::Call { function_index } => calls.push((nops, function_index)),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        // The place of the function that was `own` is the one that says so by its `nop`s.
        let place = |own: u32| calls.iter().position(|(nops, _)| *nops == own).unwrap() as u32 + 1;
        assert_ne!(calls[0].0, 1, "the order is another");
        assert_eq!(exported, [place(1), place(2), place(3)]);
        for (own, called) in &calls {
            assert_eq!(*called, if *own == 1 { 0 } else { place(own - 1) });
        }
    }
}
