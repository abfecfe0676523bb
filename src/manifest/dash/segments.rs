//! The segments of a quality of DASH: templates, lists and whole files (ISO/IEC 23009-1 5.3.9).

use std::cell::Cell;

use crate::bytes::units::{len_u64, to_len};
use crate::exchange::xml::Element;
use crate::manifest::amount::{MOST, scaled, ticks, whole};
use crate::manifest::described::ByteRange;
use crate::manifest::segments::{Place, Run, SEGMENTS, Segments, escaped};

use super::read::joined;

/// Most runs and listed places of a whole description: a timeline around many qualities is read for each of them.
const ENTRIES: usize = 1 << 19;

/// Longest address that is read: those around many qualities are filled for each of them.
const ADDRESS_LEN: usize = 4096;

/// How much may still be read.
#[derive(Debug)]
pub struct Left(Cell<usize>);

impl Default for Left {
    fn default() -> Self {
        Self(Cell::new(ENTRIES))
    }
}

impl Left {
    /// As many of these as may be.
    fn take<T>(&self, all: impl Iterator<Item = T>) -> Vec<T> {
        let taken: Vec<T> = all.take(self.0.get()).collect();
        self.0.set(self.0.get() - taken.len());
        taken
    }
}

/// When a period is, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Time {
    /// When it begins.
    pub begins: u64,
    /// How long it is, where that is known.
    pub long: Option<u64>,
}

/// What says where segments are, of one element. Those of an element around it hold where it says nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'e> {
    template: Option<&'e Element>,
    list: Option<&'e Element>,
    base: Option<&'e Element>,
}

impl<'e> Said<'e> {
    /// Of a Period, an `AdaptationSet` or a Representation.
    pub fn of(element: &'e Element) -> Self {
        let mut said = Self::default();
        for child in &element.children {
            let place = match child.name.as_str() {
                "SegmentTemplate" => &mut said.template,
                "SegmentList" => &mut said.list,
                "SegmentBase" => &mut said.base,
                _ => continue,
            };
            *place = place.or(Some(child));
        }
        said
    }
}

/// The elements of one name, the innermost first.
struct Nested<'e>(Vec<&'e Element>);

impl<'e> Nested<'e> {
    fn attribute(&self, name: &str) -> Option<&'e str> {
        self.0.iter().find_map(|element| element.attribute(name))
    }

    fn address(&self, name: &str) -> Option<&'e str> {
        self.attribute(name).filter(|text| text.len() <= ADDRESS_LEN)
    }

    fn child(&self, name: &str) -> Option<&'e Element> {
        self.0.iter().find_map(|element| element.child(name))
    }

    /// A number that is not 0.
    fn amount(&self, name: &str) -> Option<u64> {
        self.attribute(name).and_then(whole).filter(|number| *number > 0)
    }
}

/// What stands in addresses of one quality.
#[derive(Clone, Copy)]
pub struct Quality<'e> {
    /// Its ID.
    pub id: &'e str,
    /// Bits a second.
    pub bandwidth: u64,
    /// Where its addresses count from.
    pub base: &'e str,
}

/// The segments of a quality; `said` are those of it and of the elements around it, the innermost first.
pub fn read(said: [Said<'_>; 3], quality: Quality<'_>, period: Time, left: &Left) -> Segments {
    let templates = Nested(said.iter().filter_map(|one| one.template).collect());
    let lists = Nested(said.iter().filter_map(|one| one.list).collect());
    let bases = Nested(said.iter().filter_map(|one| one.base).collect());
    // Of several kinds the innermost holds.
    let inner = said.iter().find(|one| one.template.or(one.list).or(one.base).is_some());
    let is_template = inner.is_none_or(|one| one.template.is_some());
    let is_listed = inner.is_some_and(|one| one.template.is_none() && one.list.is_some());
    if let Some(media) = templates.address("media").filter(|_| is_template) {
        let init = templates.address("initialization").map(|text| {
            let address = filled(text, quality).replace("$$", "$");
            Place { address: joined(quality.base, &address), range: None }
        });
        let template = in_base(quality.base, &filled(media, quality));
        return Segments {
            template,
            init: init.or_else(|| initialization(&templates, quality.base)),
            ..timed(&templates, period, None, left)
        };
    }
    let list = lists.0.iter().find(|list| list.child("SegmentURL").is_some());
    if let Some(element) = list.filter(|_| is_listed) {
        let place = |one: &Element| Place {
            address: joined(quality.base, one.attribute("media").unwrap_or_default()),
            range: one.attribute("mediaRange").and_then(range),
        };
        let listed: Vec<Place> = left.take(element.all("SegmentURL").map(place));
        let count = len_u64(listed.len());
        let init = initialization(&lists, quality.base);
        return Segments { listed, init, ..timed(&lists, period, Some(count), left) };
    }
    if quality.base.is_empty() {
        return Segments::default();
    }
    Segments {
        runs: Vec::new(),
        init: initialization(&bases, quality.base),
        file: Some(Place { address: quality.base.to_owned(), range: None }),
        index: bases.attribute("indexRange").and_then(range),
        ..timed(&bases, period, None, left)
    }
}

/// When segments are; `listed` is how many there are, where that is known otherwise.
fn timed(said: &Nested<'_>, period: Time, listed: Option<u64>, left: &Left) -> Segments {
    let timescale = said.amount("timescale").unwrap_or(1);
    let offset = said.attribute("presentationTimeOffset").and_then(ticks).unwrap_or(0);
    let first_number = said.attribute("startNumber").and_then(whole).unwrap_or(1);
    let end = period.long.map(|long| scaled(long, 1000, timescale).saturating_add(offset));
    let runs = match (said.child("SegmentTimeline"), said.amount("duration")) {
        (Some(timeline), _) => of_timeline(&left.take(timeline.all("S")), end),
        (None, Some(duration)) => {
            let last = said.attribute("endNumber").and_then(whole);
            let said = last.map(|last| (last + 1).saturating_sub(first_number));
            let fitting = end.map(|end| (end - offset).div_ceil(duration));
            let count = listed.or(said).or(fitting).unwrap_or(0).min(SEGMENTS);
            Vec::from_iter((count > 0).then_some(Run { time: offset, duration, count }))
        }
        (None, None) => {
            let count = listed.unwrap_or(0);
            Vec::from_iter((count > 0).then_some(Run { time: offset, duration: 0, count }))
        }
    };
    Segments { timescale, begins: period.begins, offset, first_number, runs, ..Segments::default() }
}

/// A timeline; `end` is that of its period, in ticks.
fn of_timeline(timeline: &[&Element], end: Option<u64>) -> Vec<Run> {
    let number = |one: &Element, name: &str| one.attribute(name).and_then(ticks);
    let mut runs = Vec::new();
    let mut time = 0_u64;
    let mut left = SEGMENTS;
    let mut all = timeline.iter().peekable();
    while let Some(one) = all.next() {
        time = number(one, "t").unwrap_or(time);
        let duration = number(one, "d").unwrap_or(0).min(MOST);
        let repeated = one.attribute("r").unwrap_or("0");
        let count = if repeated.starts_with('-') {
            // Up to the next one that says when it begins, or to the end.
            let until = all.peek().and_then(|next| number(next, "t")).or(end).unwrap_or(time);
            until.saturating_sub(time).div_ceil(duration.max(1)).max(1)
        } else {
            whole(repeated).unwrap_or(0) + 1
        };
        let count = count.min(left);
        if count > 0 {
            runs.push(Run { time, duration, count });
        }
        left -= count;
        time = time.saturating_add(duration.saturating_mul(count));
    }
    runs
}

/// What initializes players, as an element says it.
fn initialization(said: &Nested<'_>, base: &str) -> Option<Place> {
    let element = said.child("Initialization")?;
    Some(Place {
        address: joined(base, element.attribute("sourceURL").unwrap_or_default()),
        range: element.attribute("range").and_then(range),
    })
}

/// First and last byte.
fn range(text: &str) -> Option<ByteRange> {
    let (first, last) = text.split_once('-')?;
    let (start, end) = (whole(first)?, whole(last)?.checked_add(1)?);
    (start < end).then_some(ByteRange { start, end })
}

/// A template in the address that it counts from, whose own signs are none of a template.
fn in_base(base: &str, template: &str) -> String {
    // What begins as an address does takes no part of the base; all else has a part that may be escaped.
    let whole = joined(base, template);
    match whole.strip_suffix(template) {
        Some(before) => escaped(before) + template,
        None => whole,
    }
}

/// A template with what is the same for all segments of a quality (5.3.9.4.4): times and numbers stay open.
fn filled(template: &str, quality: Quality<'_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let Some((name, after)) = behind.split_once('$') else {
            out.push_str("$$");
            rest = behind;
            continue;
        };
        let (name, width) = name.split_once("%0").unwrap_or((name, ""));
        let digits = whole(width.trim_end_matches('d')).map(|width| to_len(width.min(99)));
        match (name, digits) {
            ("RepresentationID", _) => out.push_str(&escaped(quality.id)),
            ("Bandwidth", digits) => {
                let number = quality.bandwidth.to_string();
                out.push_str(&"0".repeat(digits.unwrap_or(1).saturating_sub(number.len())));
                out.push_str(&number);
            }
            ("Time" | "Number", digits) => {
                out.push('$');
                out.push_str(name);
                if let Some(digits) = digits {
                    out.push_str("%0");
                    out.push_str(&digits.to_string());
                    out.push('d');
                }
                out.push('$');
            }
            // Two signs are one; what is no name stands for itself, and its second sign may begin another.
            ("", _) => out.push_str("$$"),
            _ => {
                out.push_str("$$");
                rest = behind;
                continue;
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Left, Quality, Said, Time, filled, in_base, read};
    use crate::exchange::xml::{self, Element};
    use crate::manifest::described::ByteRange;
    use crate::manifest::segments::{Place, Run, Segments};

    const QUALITY: Quality<'_> = Quality { id: "v$1", bandwidth: 42, base: "m/a.mpd" };
    const HOUR: Time = Time { begins: 5000, long: Some(3_600_000) };

    fn element(inside: &str) -> Element {
        xml::parse(&format!("<R>{inside}</R>")).unwrap().remove(0)
    }

    /// As of a Representation in a set in a period.
    fn of(levels: [&str; 3], period: Time) -> Segments {
        let elements = levels.map(element);
        let [inner, set, outer] = &elements;
        read([Said::of(inner), Said::of(set), Said::of(outer)], QUALITY, period, &Left::default())
    }

    #[test]
    fn templates_are_filled_but_for_times_and_numbers() {
        for (template, expected) in [
            ("$RepresentationID$/$Number%05d$.m4s", "v$$1/$Number%05d$.m4s"),
            ("a-$Bandwidth%04d$-$Time$", "a-0042-$Time$"),
            ("$$5/$Number$", "$$5/$Number$"),
            ("$Unknown$Number$", "$$Unknown$Number$"),
            ("costs 5$", "costs 5$$"),
            ("$Number%0999d$", "$Number%099d$"),
        ] {
            assert_eq!(filled(template, QUALITY), expected, "{template}");
        }
        assert_eq!(in_base("a$b/x.mpd", "$Number$.m4s"), "a$$b/$Number$.m4s");
        assert_eq!(in_base("a/x.mpd", "https://h/$Number$"), "https://h/$Number$");
    }

    #[test]
    fn a_template_is_put_together_of_all_levels() {
        let found = of(
            [
                r#"<SegmentTemplate startNumber="0"/>"#,
                r#"<SegmentTemplate media="$Number$.m4s" timescale="90000" duration="180000" startNumber="7"/>"#,
                r#"<SegmentTemplate initialization="$RepresentationID$/init.mp4" presentationTimeOffset="900000"/>"#,
            ],
            Time { begins: 5000, long: Some(9000) },
        );
        assert_eq!(found.template, "m/$Number$.m4s");
        assert_eq!(found.init.unwrap().address, "m/v$1/init.mp4");
        assert_eq!(
            (found.timescale, found.offset, found.begins, found.first_number),
            (90_000, 900_000, 5000, 0)
        );
        assert_eq!(found.runs, [Run { time: 900_000, duration: 180_000, count: 5 }]);
    }

    #[test]
    fn a_timeline_repeats_to_the_next_time_or_the_end() {
        let inside = r#"<SegmentTemplate media="$Time$" timescale="10"><SegmentTimeline>
            <S t="100" d="20" r="2"/><S d="5"/><S d="10" r="-1"/><S t="300" d="50" r="-1"/>
        </SegmentTimeline></SegmentTemplate>"#;
        let run = |time, duration, count| Run { time, duration, count };
        let found = of([inside, "", ""], Time { begins: 0, long: Some(40_000) });
        assert_eq!(found.runs, [run(100, 20, 3), run(160, 5, 1), run(165, 10, 14), run(300, 50, 2)]);
        // Nobody repeats for ever, whatever it says.
        let endless = r#"<SegmentTemplate media="$Time$"><SegmentTimeline><S d="0" r="-1"/><S d="1" r="99999999999"/>
            <S d="18446744073709551615" r="1"/></SegmentTimeline></SegmentTemplate>"#;
        let count: u64 = of([endless, "", ""], HOUR).runs.iter().map(|run| run.count).sum();
        assert!(count <= super::SEGMENTS, "{count}");
    }

    #[test]
    fn lists_and_whole_files_are_told() {
        let list = r#"<SegmentList duration="4"><Initialization sourceURL="i.mp4" range="0-9"/>
            <SegmentURL media="1.m4s"/><SegmentURL mediaRange="10-19"/></SegmentList>"#;
        let found = of(["", list, ""], HOUR);
        let range = |start, end| Some(ByteRange { start, end });
        let place = |address: &str, range| Place { address: address.to_owned(), range };
        assert_eq!(found.init, Some(place("m/i.mp4", range(0, 10))));
        assert_eq!(found.listed, [place("m/1.m4s", None), place("m/a.mpd", range(10, 20))]);
        assert_eq!(found.runs, [Run { time: 0, duration: 4, count: 2 }]);
        let whole = of(
            [r#"<SegmentBase indexRange="10-19"><Initialization range="0-9"/></SegmentBase>"#, "", ""],
            HOUR,
        );
        assert_eq!(whole.file, Some(place("m/a.mpd", None)));
        assert_eq!(whole.init, Some(place("m/a.mpd", range(0, 10))));
        assert_eq!(whole.index, range(10, 20));
        assert!(whole.runs.is_empty());
        // When tick 0 of the file is, and where its index stands, elements around it may say.
        let shifted = of(
            [
                r#"<SegmentBase presentationTimeOffset="900"/>"#,
                "",
                r#"<SegmentBase indexRange="7-8" timescale="90"/>"#,
            ],
            HOUR,
        );
        assert_eq!((shifted.timescale, shifted.offset, shifted.begins), (90, 900, 5000));
        assert_eq!((shifted.index, shifted.init), (range(7, 9), None));
        // The innermost kind holds.
        let template = r#"<SegmentTemplate media="$Number$" duration="2"/>"#;
        let inner = of(["<SegmentBase/>", template, ""], HOUR);
        assert_eq!((inner.file, inner.template.as_str()), (Some(place("m/a.mpd", None)), ""));
        assert_eq!(of([template, list, ""], HOUR).template, "m/$Number$");
    }
}
