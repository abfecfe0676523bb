//! The parameter sets in force, by id (ISO/IEC 14496-10 clause 7.4.1.2.1): those of the configuration record, replaced
//! by later ones that stand in samples (`avc3`, and many an `avc1`).

use crate::bytes::{Error, Result};

use super::{NalType, Pps, Sps};

/// Tables of parameter sets. Cloning copies what is there; a set that replaces one of the same id allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSets {
    sps: Box<[Option<Sps>; 32]>,
    pps: Box<[Option<Pps>; 256]>,
}

impl Default for ParameterSets {
    fn default() -> Self {
        Self { sps: Box::new([None; 32]), pps: Box::new([None; 256]) }
    }
}

impl ParameterSets {
    /// No sets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a NAL unit, header byte included, if it is a parameter set; says whether a set changed. Other types
    /// are left alone.
    pub fn update(&mut self, nal: &[u8]) -> Result<bool> {
        match nal.first().map(|byte| NalType::from_header(*byte)) {
            Some(NalType::SPS) => {
                let sps = Sps::parse(nal)?;
                Ok(replace(self.sps.get_mut(usize::from(sps.id)), sps))
            }
            Some(NalType::PPS) => {
                let pps = Pps::parse(nal)?;
                Ok(replace(self.pps.get_mut(usize::from(pps.id)), pps))
            }
            _ => Ok(false),
        }
    }

    /// The sequence parameter set of this id.
    pub fn sps(&self, id: u8) -> Option<&Sps> {
        self.sps.get(usize::from(id)).and_then(Option::as_ref)
    }

    /// The picture parameter set of this id.
    pub fn pps(&self, id: u8) -> Option<&Pps> {
        self.pps.get(usize::from(id)).and_then(Option::as_ref)
    }

    /// Whether a NAL unit is a sequence parameter set that differs from the one of its id, in what is kept of it.
    pub fn contradicts(&self, nal: &[u8]) -> bool {
        let is_sps = nal.first().is_some_and(|byte| NalType::from_header(*byte) == NalType::SPS);
        is_sps && Sps::parse(nal).is_ok_and(|sps| self.sps(sps.id).is_some_and(|known| *known != sps))
    }

    /// Whether there is any picture parameter set.
    pub fn has_pictures(&self) -> bool {
        self.pps.iter().any(Option::is_some)
    }

    /// The sets that a slice naming `pps_id` uses.
    pub fn of_slice(&self, pps_id: u32) -> Result<(&Sps, &Pps)> {
        let pps = u8::try_from(pps_id).ok().and_then(|id| self.pps(id)).ok_or_else(|| unknown_pps(pps_id))?;
        let sps = self.sps(pps.sps_id).ok_or_else(|| unknown_sps(pps_id, pps.sps_id))?;
        Ok((sps, pps))
    }
}

/// A slice uses a set that is nowhere.
pub fn unknown_pps(pps_id: u32) -> Error {
    let message = format!("A slice uses the picture parameter set {pps_id}, {NOWHERE}");
    Error::file("unknown-pps", message)
}

/// A picture parameter set uses one that is nowhere.
pub fn unknown_sps(pps_id: u32, sps_id: u8) -> Error {
    let message =
        format!("The picture parameter set {pps_id} uses the sequence parameter set {sps_id}, {NOWHERE}");
    Error::file("unknown-sps", message)
}

const NOWHERE: &str =
    "which is neither in the codec configuration nor in the samples before it in its fragment.";

fn replace<T: PartialEq>(slot: Option<&mut Option<T>>, set: T) -> bool {
    // Ids were checked against the table sizes when the set was parsed.
    let Some(slot) = slot else { return false };
    let changed = slot.as_ref() != Some(&set);
    *slot = Some(set);
    changed
}
