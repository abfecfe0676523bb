//! The parameter sets in force, by id (clause 7.4.2.4.2): those of the configuration record, replaced by later ones that
//! stand in samples (`hev1`).

use crate::bytes::Result;
use crate::track::codec::h264::{unknown_pps, unknown_sps};

use super::{NalType, Pps, Sps, layer_of};

/// Parameter sets, few of which any stream has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterSets {
    sps: Vec<Sps>,
    pps: Vec<Pps>,
}

impl ParameterSets {
    /// No sets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a whole NAL unit, if it is a parameter set of the base layer; says whether a set changed. Other types are
    /// left alone.
    pub fn update(&mut self, nal: &[u8]) -> Result<bool> {
        match NalType::of(nal) {
            Some(NalType::SPS) if layer_of(nal) == 0 => {
                let sps = Sps::parse(nal)?;
                Ok(replace(&mut self.sps, sps, |one, other| one.id == other.id))
            }
            Some(NalType::PPS) if layer_of(nal) == 0 => {
                let pps = Pps::parse(nal)?;
                Ok(replace(&mut self.pps, pps, |one, other| one.id == other.id))
            }
            _ => Ok(false),
        }
    }

    /// Whether a NAL unit is a sequence parameter set of the base layer that differs from the one of its id, in what is kept
    /// of it.
    pub fn contradicts(&self, nal: &[u8]) -> bool {
        let is_sps = NalType::of(nal) == Some(NalType::SPS) && layer_of(nal) == 0;
        let differs = |sps: Sps| self.sps.iter().any(|known| known.id == sps.id && *known != sps);
        is_sps && Sps::parse(nal).is_ok_and(differs)
    }

    /// Whether there is any picture parameter set.
    pub fn has_pictures(&self) -> bool {
        !self.pps.is_empty()
    }

    /// The sets that a slice segment naming `pps_id` uses.
    pub fn of_slice(&self, pps_id: u32) -> Result<(&Sps, &Pps)> {
        let pps =
            self.pps.iter().find(|pps| u32::from(pps.id) == pps_id).ok_or_else(|| unknown_pps(pps_id))?;
        let sps = self.sps.iter().find(|sps| sps.id == pps.sps_id);
        let sps = sps.ok_or_else(|| unknown_sps(pps_id, pps.sps_id))?;
        Ok((sps, pps))
    }
}

fn replace<T: PartialEq>(sets: &mut Vec<T>, set: T, same: impl Fn(&T, &T) -> bool) -> bool {
    let Some(slot) = sets.iter_mut().find(|one| same(one, &set)) else {
        sets.push(set);
        return true;
    };
    let changed = *slot != set;
    *slot = set;
    changed
}
