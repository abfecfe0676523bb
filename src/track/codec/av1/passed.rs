//! Parts of a frame header that only have to be passed over (AV1 5.9): nothing in them decides what follows.

use super::super::fields::Fields;
use super::references::USED;
use super::sequence::SequenceHeader;

/// `loop_filter_params()` (5.9.11).
pub fn loop_filter(f: &mut Fields<'_>, sequence: &SequenceHeader) {
    let levels = f.bits(12);
    if !sequence.is_mono && levels != 0 {
        f.bits(12);
    }
    f.bits(3); // loop_filter_sharpness
    // loop_filter_delta_enabled, loop_filter_delta_update
    if f.flag() && f.flag() {
        for _ in 0..8 + 2 {
            f.optional(7);
        }
    }
}

/// `cdef_params()` (5.9.19).
pub fn cdef(f: &mut Fields<'_>, sequence: &SequenceHeader) {
    if !sequence.cdef {
        return;
    }
    f.bits(2); // cdef_damping_minus_3
    for _ in 0..1_u32 << f.bits(2) {
        f.bits(if sequence.is_mono { 6 } else { 12 });
    }
}

/// `lr_params()` (5.9.20).
pub fn restoration(f: &mut Fields<'_>, sequence: &SequenceHeader) {
    if !sequence.restoration {
        return;
    }
    let luma = f.bits(2);
    let chroma = if sequence.is_mono { 0 } else { f.bits(4) };
    if luma | chroma != 0 {
        // lr_unit_shift, lr_unit_extra_shift
        if f.flag() && !sequence.large_blocks {
            f.flag();
        }
        if chroma != 0 && sequence.subsampling == [true; 2] {
            f.flag(); // lr_uv_shift
        }
    }
}

/// `global_motion_params()` (5.9.24). `precise` is `allow_high_precision_mv`.
pub fn global_motion(f: &mut Fields<'_>, precise: bool) {
    for _ in 0..USED {
        // is_global; is_rot_zoom; is_translation
        if !f.flag() {
            continue;
        }
        let turns = f.flag();
        let moves_alone = !turns && f.flag();
        let others = match (turns, moves_alone) {
            (true, _) => 2,
            (_, true) => 0,
            _ => 4,
        };
        for _ in 0..others {
            parameter(f, 12);
        }
        let bits = if moves_alone { 8 + u32::from(precise) } else { 12 };
        for _ in 0..2 {
            parameter(f, bits);
        }
    }
}

/// `film_grain_params()` (5.9.30).
pub fn film_grain(f: &mut Fields<'_>, sequence: &SequenceHeader, is_inter: bool) {
    // apply_grain
    if !f.flag() {
        return;
    }
    f.bits(16); // grain_seed
    // update_grain
    if is_inter && !f.flag() {
        f.bits(3); // film_grain_params_ref_idx
        return;
    }
    let points = |f: &mut Fields<'_>| {
        let count = f.bits(4);
        for _ in 0..count {
            f.bits(16);
        }
        count > 0
    };
    let luma = points(f);
    let from_luma = !sequence.is_mono && f.flag(); // chroma_scaling_from_luma
    let mut chroma = [false; 2];
    if !(sequence.is_mono || from_luma || sequence.subsampling == [true; 2] && !luma) {
        chroma = [(); 2].map(|()| points(f));
    }
    f.bits(2); // grain_scaling_minus_8
    let lag = f.bits(2);
    let positions = 2 * lag * (lag + 1);
    let coefficients = |f: &mut Fields<'_>, count: u32| {
        for _ in 0..count {
            f.bits(8);
        }
    };
    if luma {
        coefficients(f, positions);
    }
    for has_points in chroma {
        if from_luma || has_points {
            coefficients(f, positions + u32::from(luma));
        }
    }
    f.bits(4); // ar_coeff_shift_minus_6, grain_scale_shift
    for has_points in chroma {
        if has_points {
            f.bits(25); // multipliers and offset
        }
    }
    f.bits(2); // overlap_flag, clip_to_restricted_range
}

/// `decode_signed_subexp_with_ref( )` (5.9.26) of numbers from −2ᵇ to 2ᵇ: how long it is does not depend on the reference.
fn parameter(f: &mut Fields<'_>, bits: u32) {
    let count = (2_u32 << bits) + 1;
    let (mut width, mut below) = (3, 0);
    let mut is_first = true;
    loop {
        let step = 1_u32 << width;
        if count <= below + 3 * step {
            f.below(count - below); // subexp_final_bits
            return;
        }
        // subexp_more_bits
        if !f.flag() {
            f.bits(width); // subexp_bits
            return;
        }
        below += step;
        width += u32::from(!is_first);
        is_first = false;
    }
}
