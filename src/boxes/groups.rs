//! Sample groups: what is said of a group, and which samples are in it (ISO/IEC 14496-12:2022 8.9), with the
//! descriptions of encrypted groups (ISO/IEC 23001-7:2023 6).

use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{FourCc, KeyId, Reader, Result, Writer};

use super::cenc::{ConstantIv, pattern_text};
use super::declare::{Fields as _, Walk};
use super::grouped::Patterns;
use super::header::four;
use super::parts::{bits, when};
use super::rows::RowSink;
use super::types::Counted;
use super::wire::{Bytes, Context, Wire, for_each_entry, spaced_hex};

/// From this number on, numbers of group descriptions count those of the fragment's own `sgpd`
/// (ISO/IEC 14496-12:2022 8.9.4).
pub const FIRST_LOCAL_GROUP: u32 = 0x1_0001;

entries! {
    /// Samples in a row that belong to one group.
    SampleToGroupEntry {
        sample_count: u32;
        group_description_index: u32, means |v| index_text(*v);
    }
    /// How the samples of a group are encrypted: with one key, or parts of them with several.
    GroupEncryption {
        multi_key_flag: u8, means |v| when(bits(*v, 7, 1) == 1, "several keys");
        pattern: u8, means |v| pattern_text(*v);
        is_protected: u8;
        key_count: u16, if |_, b| b.has_several_keys();
        keys: Vec<GroupKey>, count |_, b| u64::from(b.key_count), if |_, b| b.has_several_keys();
        per_sample_iv_size: u8, if |_, b| !b.has_several_keys();
        kid: KeyId, if |_, b| !b.has_several_keys();
        constant_iv: ConstantIv, if |_, b| !b.has_several_keys() && b.is_protected == 1 && b.per_sample_iv_size == 0;
    }
    /// One of the keys of a group.
    GroupKey {
        per_sample_iv_size: u8;
        kid: KeyId;
        constant_iv: ConstantIv, if |_, b| b.per_sample_iv_size == 0;
    }
}

impl GroupEncryption {
    /// Of samples that are encrypted with this key.
    pub fn with_ivs(kid: KeyId, per_sample_iv_size: u8) -> Self {
        Self { is_protected: 1, per_sample_iv_size, kid, ..Self::default() }
    }

    /// As it stands in an `sgpd`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.write(&mut w, &Context::default());
        w.into_bytes()
    }

    fn has_several_keys(&self) -> bool {
        bits(self.multi_key_flag, 7, 1) == 1
    }

    /// Its keys: one, or several.
    pub fn keys(&self) -> Vec<GroupKey> {
        if self.has_several_keys() {
            return self.keys.clone();
        }
        vec![GroupKey {
            per_sample_iv_size: self.per_sample_iv_size,
            kid: self.kid,
            constant_iv: self.constant_iv.clone(),
        }]
    }

    fn text(&self) -> String {
        if self.is_protected == 0 {
            return "not protected".to_owned();
        }
        let pattern = pattern_text(self.pattern);
        let pattern = if pattern.is_empty() { pattern } else { format!(", {pattern}") };
        let keys = self.keys();
        if let [key] = keys.as_slice() {
            let iv = if key.per_sample_iv_size == 0 {
                format!("constant IV {}", spaced_hex(&key.constant_iv.entries))
            } else {
                format!("IVs of {} bytes", key.per_sample_iv_size)
            };
            return format!("KID {}, {iv}{pattern}", key.kid);
        }
        format!("{} keys{pattern}", keys.len())
    }
}

boxes! {
    /// Which samples belong to which group.
    SampleToGroup [four(b"sbgp")] full(0, 1) "Sample to group" "ISO/IEC 14496-12:2022 8.9.2" {
        grouping_type: FourCc, means |v| super::scoped::group_name(*v).to_owned();
        grouping_type_parameter: u32, if |cx, _| cx.head.version == 1;
        entries: Counted<u32, SampleToGroupEntry>;
    }
    /// Properties of groups of samples.
    SampleGroupDescription [four(b"sgpd")] full(0, 1, 2, 3) "Sample group description" "ISO/IEC 14496-12:2022 8.9.3"
        flags { 0x1 "same descriptions in all fragments", 0x2 "same mapping in all fragments" }
    {
        groups: GroupDescriptions;
    }
    /// Which samples belong to which group, as repeating patterns.
    CompactSampleToGroup [four(b"csgp")] full "Compact sample to group" "ISO/IEC 14496-12:2022 8.9.5" {
        grouping_type: FourCc, means |v| super::scoped::group_name(*v).to_owned();
        grouping_type_parameter: u32, if |cx, _| cx.head.has(0x40);
        patterns: GroupPatterns;
    }
}

/// What a number of a group description means.
fn index_text(index: u32) -> String {
    match index {
        0 => "in no group".to_owned(),
        FIRST_LOCAL_GROUP.. => format!("description {} of this fragment", index - FIRST_LOCAL_GROUP + 1),
        _ => String::new(),
    }
}

/// The body of `csgp`: how wide its numbers are hangs on the flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupPatterns {
    /// How many patterns.
    pub pattern_count: u32,
    /// Lengths and counts, then groups, as they stand.
    pub patterns: Vec<u8>,
}

impl GroupPatterns {
    fn walk(r: &mut Reader<'_>, cx: &Context, sink: Option<&mut RowSink>) -> Result<Self> {
        let start = r.offset();
        let patterns = Patterns::read(cx.head.flags, r)?;
        let bytes = patterns.bytes().to_vec();
        let from = start + 4;
        if let Some(sink) = sink {
            sink.push("pattern_count", start, from, || (patterns.count.to_string(), String::new()));
            sink.push("patterns", from, r.offset(), || (format!("{} in all", patterns.count), String::new()));
            let mut passed = 0;
            for number in 0..patterns.count {
                let Some((length, samples, half)) = patterns.head(number) else { break };
                let name = sink.entry_name("patterns", to_len(number.into()));
                let end = from + (half + patterns.head_width()).div_ceil(2);
                sink.nested(|sink| {
                    sink.push(&name, from + half / 2, end, || {
                        let groups =
                            (passed..passed + u64::from(length)).map_while(|number| patterns.group(number));
                        let shown: Vec<String> = groups.take(SHOWN_GROUPS).map(group_text).collect();
                        let more = if to_len(length.into()) > SHOWN_GROUPS { ", …" } else { "" };
                        let value = format!("pattern_length {length}, sample_count {samples}");
                        (value, format!("groups {}{more}", shown.join(", ")))
                    });
                });
                passed += u64::from(length);
            }
        }
        if patterns.is_cut() {
            r.take(1, "patterns")?;
        }
        Ok(Self { pattern_count: patterns.count, patterns: bytes })
    }
}

/// Most groups of a pattern in its row.
const SHOWN_GROUPS: usize = 16;

/// A group's number; those of the fragment's own descriptions say so.
fn group_text(index: u32) -> String {
    index.checked_sub(FIRST_LOCAL_GROUP - 1).map_or_else(|| index.to_string(), |own| format!("own {own}"))
}

impl Wire for GroupPatterns {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, _: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Self::walk(r, cx, None)
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.u32(self.pattern_count);
        w.bytes(&self.patterns);
    }
    fn show(&self) -> String {
        format!("{} patterns", self.pattern_count)
    }
    fn rows(r: &mut Reader<'_>, _: &str, cx: &Context, _: Option<u64>, sink: &mut RowSink) -> Result<Self> {
        Self::walk(r, cx, Some(sink))
    }
}

/// The body of `sgpd`: where each description ends hangs on the version, a default length, and the grouping type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupDescriptions {
    /// What the groups are about.
    pub grouping_type: FourCc,
    /// Bytes of each description, or 0 when they differ; from version 1 on.
    pub default_length: Option<u32>,
    /// The description of samples that nothing else maps; from version 2 on.
    pub default_group_description_index: Option<u32>,
    /// How many there are.
    pub entry_count: u32,
    /// The descriptions as they stand; their lengths are among them where each says its own.
    pub entries: Vec<u8>,
}

impl GroupDescriptions {
    /// The descriptions of encrypted groups; those that cannot be read are `None`. Empty for groups of other types.
    pub fn encryption(&self) -> Vec<Option<GroupEncryption>> {
        let mut found = Vec::new();
        if self.grouping_type.0 == *b"seig" {
            let mut r = Reader::new(&self.entries, 0);
            while let (false, Ok((_, body))) = (r.is_empty(), self.description(&mut r)) {
                found.push(read_encryption(body.rest()));
            }
        }
        found
    }

    fn walk(r: &mut Reader<'_>, cx: &Context, mut sink: Option<&mut RowSink>) -> Result<Self> {
        let mut this = Self::default();
        let version = cx.head.version;
        let mut walk = Walk { r, cx: cx.clone(), sink: sink.as_deref_mut() };
        let about = |kind: &FourCc| super::scoped::group_name(*kind).to_owned();
        walk.field_with_meaning("grouping_type", &mut this.grouping_type, None, about)?;
        if version >= 1 {
            walk.field("default_length", this.default_length.insert(0), None)?;
        }
        if version >= 2 {
            let default = this.default_group_description_index.insert(0);
            walk.field_with_meaning("default_group_description_index", default, None, |v| {
                if *v == 0 { "no default".to_owned() } else { index_text(*v) }
            })?;
        }
        walk.field("entry_count", &mut this.entry_count, None)?;
        let (count, start, all) = (this.entry_count, r.offset(), *r);
        let at = sink.as_deref().map(RowSink::total);
        if let Some(sink) = sink.as_deref_mut() {
            sink.push("entries", start, start, || (format!("{count} in all"), String::new()));
        }
        // Version 0 gives no lengths: the type knows, or the only entry takes all, or nobody can tell them apart.
        if this.default_length.is_some() || known_len(this.grouping_type, r).is_some() || count == 1 {
            for_each_entry(r, "entries", Some(u64::from(count)), &mut |r, index| {
                let start = r.offset();
                let (description_length, body) = this.description(r)?;
                if let Some(sink) = sink.as_deref_mut() {
                    let end = r.offset();
                    sink.nested(|sink| {
                        let name = sink.entry_name("entries", index);
                        sink.push(&name, start, end, || {
                            let bytes = Bytes(body.rest().to_vec()).show();
                            (bytes, meaning(this.grouping_type, body).unwrap_or_default())
                        });
                        sink.nested(|sink| {
                            rows_of_fields(this.grouping_type, description_length, body, cx, sink)
                        });
                    });
                }
                Ok(())
            })?;
        } else {
            r.take(r.remaining(), "entries")?;
        }
        if let (Some(sink), Some(at)) = (sink, at) {
            sink.close(at, r.offset());
        }
        let len = all.remaining() - r.remaining();
        this.entries = all.rest().get(..len).unwrap_or_default().to_vec();
        Ok(this)
    }

    /// The next description, and its length where it says it itself.
    fn description<'a>(&self, r: &mut Reader<'a>) -> Result<(Option<u32>, Reader<'a>)> {
        let (own, len) = match self.default_length {
            Some(0) => {
                let len = r.u32("description_length")?;
                (Some(len), u64::from(len))
            }
            Some(len) => (None, u64::from(len)),
            // Never none: a count of four billion such entries would run on.
            None => (None, known_len(self.grouping_type, r).unwrap_or(len_u64(r.remaining()).max(1))),
        };
        Ok((own, r.sub(len, "A group description")?))
    }
}

impl Wire for GroupDescriptions {
    const EXACT: bool = true;
    fn read(r: &mut Reader<'_>, _: &str, cx: &Context, _: Option<u64>) -> Result<Self> {
        Self::walk(r, cx, None)
    }
    fn write(&self, w: &mut Writer, cx: &Context) {
        self.grouping_type.write(w, cx);
        self.default_length
            .iter()
            .chain(&self.default_group_description_index)
            .for_each(|field| w.u32(*field));
        w.u32(self.entry_count);
        w.bytes(&self.entries);
    }
    fn show(&self) -> String {
        format!("{} descriptions", self.entry_count)
    }
    fn rows(r: &mut Reader<'_>, _: &str, cx: &Context, _: Option<u64>, sink: &mut RowSink) -> Result<Self> {
        Self::walk(r, cx, Some(sink))
    }
}

/// The fields of one description, where its type has more than one. Damage in it stays its own: its bytes are shown.
fn rows_of_fields(
    kind: FourCc,
    description_length: Option<u32>,
    mut body: Reader<'_>,
    cx: &Context,
    sink: &mut RowSink,
) {
    if let Some(len) = description_length {
        sink.push("description_length", body.offset() - 4, body.offset(), || {
            (len.to_string(), String::new())
        });
    }
    if kind.0 == *b"seig" && read_encryption(body.rest()).is_some() {
        let mut fields = Walk { r: &mut body, cx: cx.clone(), sink: Some(sink) };
        // It has just been read.
        let _ = GroupEncryption::default().walk(&mut fields);
    }
}

fn read_encryption(bytes: &[u8]) -> Option<GroupEncryption> {
    let mut group = GroupEncryption::default();
    group.walk(&mut Walk::reading(&mut Reader::new(bytes, 0), Context::default())).ok()?;
    Some(group)
}

/// Bytes of a description that does not say them, where its type does.
fn known_len(kind: FourCc, r: &Reader<'_>) -> Option<u64> {
    match &kind.0 {
        b"seig" => {
            let mut body = *r;
            GroupEncryption::default().walk(&mut Walk::reading(&mut body, Context::default())).ok()?;
            Some(len_u64(r.remaining() - body.remaining()))
        }
        b"roll" | b"prol" => Some(2),
        b"rap " | b"sap " | b"tele" | b"sync" => Some(1),
        _ => None,
    }
}

/// One group description in words.
fn meaning(kind: FourCc, mut r: Reader<'_>) -> Option<String> {
    match &kind.0 {
        b"seig" => Some(read_encryption(r.rest())?.text()),
        b"roll" | b"prol" => {
            let distance = i16::from_be_bytes(r.array("roll_distance").ok()?);
            Some(match distance {
                0 => "right at once".to_owned(),
                1 => "right after 1 more sample".to_owned(),
                -1 => "start 1 sample earlier".to_owned(),
                d if d > 0 => format!("right after {d} more samples"),
                d => format!("start {} samples earlier", d.unsigned_abs()),
            })
        }
        b"rap " => {
            let byte = r.u8("leading samples").ok()?;
            Some(if byte >> 7 == 1 {
                format!("{} leading samples", byte & 0x7f)
            } else {
                "number of leading samples not known".to_owned()
            })
        }
        b"tele" => Some(
            if r.u8("level").ok()? >> 7 == 1 { "decodable by itself" } else { "depends on others" }
                .to_owned(),
        ),
        b"sap " => Some(format!("stream access point of type {}", r.u8("SAP_type").ok()? & 15)),
        _ => None,
    }
}
