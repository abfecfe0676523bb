//! Writes a document of CPIX 2.3. Lists stand in the order that the schema asks for.

use super::{
    AES256_CBC, Cpix, CpixKey, Encrypted, HMAC_SHA512, NAMESPACE, Period, RSA_OAEP, Recipient, Rule, Span,
    System,
};
use crate::exchange::base64_text;
use crate::playready::escape;
use zeroize::Zeroizing;

/// The text of a document, and how deep the next line stands. It grows, so that what it leaves behind is wiped only where
/// its room was made beforehand: see [`Cpix::to_xml`].
struct Text {
    text: Zeroizing<String>,
    depth: usize,
}

impl Text {
    fn line(&mut self, line: &str) {
        (0..self.depth).for_each(|_| self.text.push_str("  "));
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// An element with a text inside.
    fn leaf(&mut self, name: &str, attributes: &str, text: &str) {
        let name_only = name.split(' ').next().unwrap_or(name);
        (0..self.depth).for_each(|_| self.text.push_str("  "));
        for part in ["<", name, attributes, ">", text, "</", name_only, ">\n"] {
            self.text.push_str(part);
        }
    }

    /// An element with others inside.
    fn element(&mut self, name: &str, attributes: &str, inside: impl FnOnce(&mut Self)) {
        self.line(&format!("<{name}{attributes}>"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }

    /// A list, unless it would be empty.
    fn list<T>(&mut self, name: &str, all: &[T], each: impl Fn(&mut Self, &T)) {
        if !all.is_empty() {
            self.element(name, "", |text| all.iter().for_each(|one| each(text, one)));
        }
    }
}

impl Cpix {
    /// The document as XML. It may have keys in it.
    pub fn to_xml(&self) -> Zeroizing<String> {
        let bytes = |systems: &System| {
            systems.pssh.len() + systems.content_protection.len() + systems.smooth.len() + 1024
        };
        // Room for all of it at once, because growing would leave copies of keys behind.
        let room = 4096
            + self.recipients.iter().map(|one| 4096 + 2 * one.certificate.len()).sum::<usize>()
            + self.keys.len() * 2048
            + self.systems.iter().map(|system| 2 * bytes(system)).sum::<usize>();
        let mut text = Text { text: Zeroizing::new(String::with_capacity(room)), depth: 0 };
        text.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        let mut attributes =
            format!(" xmlns=\"{NAMESPACE}\" xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\"");
        if !self.recipients.is_empty() {
            attributes += " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:enc=\"http://www.w3.org/2001/04/xmlenc#\"";
        }
        attribute(&mut attributes, "contentId", self.content_id.as_deref());
        attribute(&mut attributes, "version", self.version.as_deref());
        text.element("CPIX", &attributes, |text| {
            text.list("DeliveryDataList", &self.recipients, recipient);
            text.list("ContentKeyList", &self.keys, key);
            text.list("DRMSystemList", &self.systems, system);
            text.list("ContentKeyPeriodList", &self.periods, period);
            text.list("ContentKeyUsageRuleList", &self.rules, rule);
        });
        text.text
    }
}

/// Adds an attribute, where it has a value.
fn attribute(attributes: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        attributes.push_str(&format!(" {name}=\"{}\"", quoted(value)));
    }
}

/// Text as it stands between quotation marks (Canonical XML 1.1 §2.3: line breaks and tabs too).
fn quoted(value: &str) -> String {
    escape(value).replace('"', "&quot;").replace('\n', "&#xA;").replace('\t', "&#x9;")
}

fn recipient(text: &mut Text, recipient: &Recipient) {
    text.element("DeliveryData", "", |text| {
        text.element("DeliveryKey", "", |text| {
            text.element("ds:X509Data", "", |text| {
                text.leaf("ds:X509Certificate", "", &base64_text(&recipient.certificate));
            });
        });
        text.element("DocumentKey", "", |text| secret(text, &recipient.document_key, RSA_OAEP));
        if let Some((algorithm, key)) = &recipient.mac {
            let mut method = String::new();
            attribute(&mut method, "Algorithm", Some(or(algorithm, HMAC_SHA512)));
            text.element("MACMethod", &method, |text| encrypted(text, "pskc:MACKey", key, RSA_OAEP));
        }
    });
}

/// A text, or what stands for it where it is empty.
fn or<'t>(text: &'t str, other: &'t str) -> &'t str {
    if text.is_empty() { other } else { text }
}

/// `Data` of an encrypted value.
fn secret(text: &mut Text, value: &Encrypted, algorithm: &str) {
    text.element("Data", "", |text| {
        text.element("pskc:Secret", "", |text| {
            encrypted(text, "pskc:EncryptedValue", value, algorithm);
            if let Some(mac) = &value.mac {
                text.leaf("pskc:ValueMAC", "", &base64_text(mac));
            }
        });
    });
}

fn encrypted(text: &mut Text, name: &str, value: &Encrypted, algorithm: &str) {
    text.element(name, "", |text| {
        let mut method = String::new();
        attribute(&mut method, "Algorithm", Some(or(&value.algorithm, algorithm)));
        text.line(&format!("<enc:EncryptionMethod{method}/>"));
        text.element("enc:CipherData", "", |text| {
            text.leaf("enc:CipherValue", "", &base64_text(&value.value))
        });
    });
}

fn key(text: &mut Text, key: &CpixKey) {
    let mut attributes = String::new();
    attribute(&mut attributes, "kid", Some(&key.kid.uuid()));
    let iv = key.explicit_iv.map(|iv| base64_text(&iv));
    attribute(&mut attributes, "explicitIV", iv.as_deref());
    attribute(&mut attributes, "dependsOnKey", key.depends_on.map(|kid| kid.uuid()).as_deref());
    attribute(&mut attributes, "commonEncryptionScheme", key.scheme.as_deref());
    text.element("ContentKey", &attributes, |text| match (&key.key, &key.encrypted) {
        (_, Some(value)) => secret(text, value, AES256_CBC),
        (Some(key), None) => text.element("Data", "", |text| {
            let value = Zeroizing::new(base64_text(&key.0));
            text.element("pskc:Secret", "", |text| text.leaf("pskc:PlainValue", "", &value));
        }),
        (None, None) => {}
    });
}

fn system(text: &mut Text, system: &System) {
    let mut attributes = String::new();
    attribute(&mut attributes, "systemId", Some(&system.system.to_string()));
    attribute(&mut attributes, "kid", Some(&system.kid.uuid()));
    text.element("DRMSystem", &attributes, |text| {
        for (name, bytes) in [("PSSH", &system.pssh), ("ContentProtectionData", &system.content_protection)] {
            if !bytes.is_empty() {
                text.leaf(name, "", &base64_text(bytes));
            }
        }
        for (playlist, lines) in &system.hls {
            let mut attributes = String::new();
            attribute(&mut attributes, "playlist", playlist.as_deref());
            text.leaf("HLSSignalingData", &attributes, &base64_text(lines));
        }
        if !system.smooth.is_empty() {
            text.leaf("SmoothStreamingProtectionHeaderData", "", &escape(&system.smooth));
        }
    });
}

fn period(text: &mut Text, period: &Period) {
    let mut attributes = String::new();
    attribute(&mut attributes, "id", Some(&period.id));
    attribute(&mut attributes, "index", period.index.map(|index| index.to_string()).as_deref());
    attribute(&mut attributes, "label", period.label.as_deref());
    for (name, value) in &period.times {
        attribute(&mut attributes, name, Some(value));
    }
    text.line(&format!("<ContentKeyPeriod{attributes}/>"));
}

fn rule(text: &mut Text, rule: &Rule) {
    let mut attributes = String::new();
    attribute(&mut attributes, "kid", Some(&rule.kid.uuid()));
    attribute(&mut attributes, "intendedTrackType", rule.track_type.as_deref());
    text.element("ContentKeyUsageRule", &attributes, |text| {
        let mut filter = |name: &str, attributes: String| text.line(&format!("<{name}{attributes}/>"));
        for id in &rule.periods {
            filter("KeyPeriodFilter", one("periodId", id));
        }
        for label in &rule.labels {
            filter("LabelFilter", one("label", label));
        }
        for video in &rule.video {
            let mut attributes = span(video.pixels, ["minPixels", "maxPixels"]);
            for (name, value) in [("hdr", video.hdr), ("wcg", video.wcg)] {
                attribute(&mut attributes, name, value.map(|value| if value { "true" } else { "false" }));
            }
            filter("VideoFilter", attributes + &span(video.fps, ["minFps", "maxFps"]));
        }
        for audio in &rule.audio {
            filter("AudioFilter", span(*audio, ["minChannels", "maxChannels"]));
        }
        for bitrate in &rule.bitrate {
            filter("BitrateFilter", span(*bitrate, ["minBitrate", "maxBitrate"]));
        }
    });
}

fn one(name: &str, value: &str) -> String {
    let mut attributes = String::new();
    attribute(&mut attributes, name, Some(value));
    attributes
}

fn span(span: Span, [min, max]: [&str; 2]) -> String {
    let mut attributes = String::new();
    attribute(&mut attributes, min, span.min.map(|number| number.to_string()).as_deref());
    attribute(&mut attributes, max, span.max.map(|number| number.to_string()).as_deref());
    attributes
}
