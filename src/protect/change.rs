//! What is changed of a file whose samples stay encrypted as they are: headers of DRM systems, the boxes that carry the
//! encryption, and the brands.

use crate::boxes::movie::FileType;
use crate::boxes::systems::{self, PLAYREADY, W3C_COMMON, WIDEVINE};
use crate::bytes::{Error, FourCc, KeyId, Result, Uuid16};
use crate::playready::parse_kid;
use crate::track::system_header::is_playready;
use crate::track::{Movie, Protection};

use super::header_change::{HeaderChange, REMOVABLE};
use super::request::{RequestText, asked_form, asked_of_encrypting, given, refuse_asked};
use super::scheme::{self, Form, Scheme};
use super::source_keys::SourceKeys;
use super::systems::{Systems, pssh_boxes};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct ChangeWishes {
    /// The boxes that carry the encryption; as they are where that is absent.
    form: Option<Form>,
    header: HeaderChange,
    systems: Systems,
    removed: Vec<Uuid16>,
    brands: Vec<FourCc>,
}

/// Names of DRM systems in requests.
const SYSTEMS: [(&str, Uuid16); 3] =
    [("playready", PLAYREADY), ("widevine", WIDEVINE), ("common", W3C_COMMON)];

impl ChangeWishes {
    /// Reads what was typed. Errors name the request field at fault.
    pub fn parse(text: &RequestText, warnings: &mut Vec<String>) -> Result<Self> {
        refuse_asked(
            &[&asked_of_encrypting(text)[..], &[("leftovers", given(&text.leftovers).is_some())]].concat(),
            "With the scheme keep the samples stay encrypted as they are",
        )?;
        let form = asked_form(text)?.map(|(form, _)| form);
        let (mut fields, mut removed) = (Vec::new(), Vec::new());
        for name in &text.remove {
            let name = name.trim();
            if REMOVABLE.contains(&name) {
                fields.push(name);
            } else {
                let system = system(name)?;
                removed.push(if is_playready(system) { PLAYREADY } else { system });
            }
        }
        let keys = SourceKeys::parse(&text.source_keys)?;
        let header = HeaderChange::parse(text, &fields, keys)?;
        let systems = Systems::parse(text, form.unwrap_or(Form::Plain), warnings)?;
        if removed.contains(&PLAYREADY) && !header.is_about_nothing() {
            let message =
                "The PlayReady header is to be removed, and to be changed; leave one of the two out.";
            return Err(Error::caller("bad-request", "remove", message));
        }
        Ok(Self { form, header, systems, removed, brands: brands(text)? })
    }

    /// Whether fragments have nothing to do with it, but for headers in them.
    pub fn is_of_headers(&self) -> bool {
        self.form.is_none()
    }

    fn is_empty(&self) -> bool {
        self.form.is_none()
            && self.header.is_empty()
            && self.systems.is_empty()
            && self.removed.is_empty()
            && self.brands.is_empty()
    }
}

fn system(name: &str) -> Result<Uuid16> {
    // By the names that summaries tell, too.
    let named = systems::SYSTEMS.iter().map(|(id, known)| (*known, *id));
    if let Some((_, id)) = SYSTEMS.into_iter().chain(named).find(|(known, _)| *known == name) {
        return Ok(id);
    }
    parse_kid(name).map(|id| Uuid16(id.0)).map_err(|_| {
        let known: Vec<&str> =
            SYSTEMS.iter().map(|(name, _)| *name).chain(REMOVABLE).collect();
        let message = format!(
            "“{name}” is nothing that can be removed; there are {}, and any DRM system by its SystemID as UUID.",
            known.join(", ")
        );
        Error::caller("bad-request", "remove", message)
    })
}

/// Brands that end with spaces.
const SHORT: [&str; 5] = ["qt", "M4A", "M4V", "M4B", "M4P"];

/// Four-character codes with white space or commas between them.
fn brands(text: &RequestText) -> Result<Vec<FourCc>> {
    let typed = given(&text.brands).unwrap_or_default();
    let one = |brand: &str| {
        let wrong = || {
            let message = format!("“{brand}” is no brand: these have four letters, digits or signs each.");
            Error::caller("bad-request", "brands", message)
        };
        let mut code = [b' '; 4];
        let is_whole = brand.len() == code.len() && brand.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = is_whole || SHORT.contains(&brand);
        code.iter_mut().zip(brand.bytes()).for_each(|(place, byte)| *place = byte);
        fits.then_some(FourCc(code)).ok_or_else(wrong)
    };
    typed.split([' ', ',', '\t', '\n']).filter(|brand| !brand.is_empty()).map(one).collect()
}

/// What is decided for a file.
#[derive(Clone, Debug)]
pub struct Change {
    /// The boxes that carry the encryption; as they are where that is absent.
    pub form: Option<Form>,
    /// What becomes of PlayReady headers.
    pub header: HeaderChange,
    /// Which cipher the file has.
    pub scheme: Scheme,
    /// The key IDs of its tracks.
    pub kids: Vec<KeyId>,
    /// `pssh` boxes of other systems that come.
    pub others: Vec<u8>,
    /// Systems whose headers go, or are replaced by those.
    removed: Vec<Uuid16>,
    /// Of these, those that are replaced in the movie header alone.
    replaced: Vec<Uuid16>,
    brands: Vec<FourCc>,
    /// Whether protected tracks get a second set of sample entries, for samples that PIFF leaves clear in other ways.
    pub adds_entries: bool,
}

impl Change {
    /// Decides for a movie. Fails when nothing in it is protected, or its encryption cannot be carried as asked.
    pub fn new(movie: &Movie, wishes: ChangeWishes, is_more_asked: bool) -> Result<Self> {
        let entries =
            movie.tracks.iter().flat_map(|track| track.entries.iter().map(move |entry| (track, entry)));
        let protected: Vec<_> = entries.filter(|(_, entry)| entry.has_protected_type()).collect();
        if protected.is_empty() {
            let message = "No track of this file is protected, so it has no protection that could be changed. Choose a scheme to \
                           protect it.";
            return Err(Error::caller("not-protected", "scheme", message));
        }
        if wishes.is_empty() && !is_more_asked {
            let message = "Nothing is asked to be changed: give a licence URL, another header, form or brands, or what is to be \
                           removed.";
            return Err(Error::caller("nothing-to-do", "scheme", message));
        }
        let known: Vec<&Protection> =
            protected.iter().filter_map(|(_, entry)| entry.protection.as_ref()).collect();
        if let Some(form) = wishes.form {
            for (track, entry) in &protected {
                let checked = match &entry.protection {
                    Some(protection) => check_form(form, track.id, protection),
                    None => Err(nothing_said(track.id, entry.coded)),
                };
                checked.map_err(|error| error.at(entry.start))?;
            }
        }
        let scheme = known.iter().find_map(|known| Scheme::known(&known.cipher.text()));
        let scheme = scheme.filter(Scheme::protects).unwrap_or(scheme::CENC);
        let mut kids: Vec<KeyId> = Vec::new();
        for kid in known.iter().filter_map(|protection| protection.kid) {
            // One of zeros is none.
            if kid != KeyId::default() && !kids.contains(&kid) {
                kids.push(kid);
            }
        }
        let others = wishes.systems.boxes(&scheme, &kids, 0);
        let replaced: Vec<Uuid16> = pssh_boxes(&others)?.iter().map(|(pssh, _)| pssh.system_id).collect();
        if replaced.contains(&PLAYREADY) && !wishes.header.is_about_nothing() {
            let message = "A 'pssh' box for PlayReady is given, and the PlayReady header is to be changed; leave one of the two out.";
            return Err(Error::caller("bad-request", "pssh", message));
        }
        let ChangeWishes { form, header, removed, brands, .. } = wishes;
        Ok(Self { form, header, scheme, kids, others, removed, replaced, brands, adds_entries: false })
    }

    /// Whether the headers of a system go that the file has: from the movie header, or from a fragment.
    pub fn removes(&self, system: Uuid16, is_movie: bool) -> bool {
        // The same system, also where its ID is in the other byte order.
        let system = if is_playready(system) { PLAYREADY } else { system };
        self.removed.contains(&system) || (is_movie && self.replaced.contains(&system))
    }

    /// Whether headers of a system that stand in fragments may become others.
    pub fn touches(&self, system: Uuid16) -> bool {
        self.removes(system, false) || (is_playready(system) && !self.header.is_empty())
    }

    /// The file type that is asked for, in place of what the file has.
    pub fn file_type(&self, source: Option<&FileType>) -> Option<FileType> {
        let (major, _) = self.brands.split_first()?;
        let same = source.filter(|source| source.major_brand == *major);
        Some(FileType {
            major_brand: *major,
            minor_version: same.map_or(0, |source| source.minor_version),
            compatible_brands: self.brands.clone(),
            ..FileType::default()
        })
    }
}

fn nothing_said(track: u32, coded: FourCc) -> Error {
    let message = format!(
        "The samples of track {track} are of type '{coded}', and nothing says how they are encrypted: no boxes of another form can \
         say it. Leave the form out."
    );
    Error::unsupported("unknown-scheme", message)
}

/// Fails when a form cannot carry how the samples of a track are encrypted.
fn check_form(form: Form, track: u32, protection: &Protection) -> Result<()> {
    let unknown = Scheme::known(&protection.cipher.text()).is_none_or(|scheme| !scheme.protects());
    if unknown {
        return Err(super::decrypt::unknown_scheme(track, protection.cipher));
    }
    if protection.kid.is_none() {
        let message =
            format!("Track {track} names no key ID, so no boxes of another form can. Leave the form out.");
        return Err(Error::unsupported("no-kid", message));
    }
    if !form.has_piff() {
        return Ok(());
    }
    let scheme = protection.cipher;
    let what = if ![*b"cenc", *b"cbc1"].contains(&scheme.0) || protection.pattern != 0 {
        format!("the scheme {scheme}: PIFF knows no patterns")
    } else if protection.iv_size == 0 && protection.is_protected {
        "one IV for all samples: PIFF has an IV with each".to_owned()
    } else {
        return Ok(());
    };
    let message = format!(
        "The form {} cannot carry how track {track} is encrypted, with {what}. Choose the form plain, or give its keys and protect \
         it anew.",
        form.name()
    );
    Err(Error::caller("bad-form", "form", message))
}
