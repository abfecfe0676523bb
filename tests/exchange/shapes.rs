//! What JavaScript is shown of keys and headers is of the shapes that `www/types.d.ts` promises.

use boxlock::exchange::decode::decode;
use boxlock::exchange::lines::{Opened, commands};
use boxlock::exchange::read_keys;
use boxlock::report;
use serde_json::{Value, to_value};

use super::{KEY, KEY64, KID, KID2, kid};
use crate::report::types::Types;

#[test]
fn lists_and_what_is_decoded_are_of_the_types_that_are_promised() {
    let mut types = Types::read(include_str!("../../www/types.d.ts"));
    let mut check =
        |name: &str, value: Value| types.check(name, &value).unwrap_or_else(|error| panic!("{error}"));
    let cpix = format!(
        "<CPIX xmlns=\"urn:dashif:org:cpix\" contentId=\"x\"><DeliveryDataList><DeliveryData><DeliveryKey><X509Data><X509Certificate>AAAA</X509Certificate>\
         </X509Data></DeliveryKey><DocumentKey><Data><Secret><EncryptedValue><CipherData><CipherValue>AAAA</CipherValue></CipherData></EncryptedValue>\
         </Secret></Data></DocumentKey><MACMethod Algorithm=\"x\"><MACKey><CipherData><CipherValue>AAAA</CipherValue></CipherData></MACKey></MACMethod>\
         </DeliveryData></DeliveryDataList><ContentKeyList><ContentKey kid=\"{KID}\" commonEncryptionScheme=\"cenc\"><Data><Secret><PlainValue>{KEY64}\
         </PlainValue></Secret></Data></ContentKey><ContentKey kid=\"{KID2}\"><Data><Secret><EncryptedValue><CipherData><CipherValue>AAAA</CipherValue>\
         </CipherData></EncryptedValue><ValueMAC>AAAA</ValueMAC></Secret></Data></ContentKey></ContentKeyList><ContentKeyPeriodList>\
         <ContentKeyPeriod id=\"a\" index=\"0\"/></ContentKeyPeriodList><ContentKeyUsageRuleList><ContentKeyUsageRule kid=\"{KID}\" \
         intendedTrackType=\"SD\"><KeyPeriodFilter periodId=\"a\"/><LabelFilter label=\"b\"/><VideoFilter maxPixels=\"9\" hdr=\"true\"/>\
         <AudioFilter minChannels=\"1\"/><BitrateFilter/><NewFilter/></ContentKeyUsageRule></ContentKeyUsageRuleList></CPIX>"
    );
    let sheet =
        format!("{{\"keys\":[{{\"kid\":\"{KID}\",\"key\":\"{KEY}\",\"class\":\"hd\",\"period\":1}}]}}");
    let tracks = boxlock::exchange::request::read_tracks("[{\"id\":7,\"kind\":\"video\"}]").unwrap();
    for text in [&cpix, &sheet, &format!("3:{KEY}"), &format!("label=a:key_id={KID}:key={KEY}")] {
        let list = read_keys(text.as_bytes(), &[]).unwrap();
        let assigned = list.assign(&tracks).unwrap_or_default();
        check("KeyList", to_value(report::key_list(&list, assigned)).unwrap());
        check("Decoded", to_value(decode(text.as_bytes(), &[kid(KID)])).unwrap());
        for command in report::commands(&commands(
            &list.keys,
            &Opened { name: "a.mp4", video: true, ..Opened::default() },
        )) {
            check("CommandLine", to_value(command).unwrap());
        }
    }
    check("Decoded", to_value(decode(KID.as_bytes(), &[])).unwrap());
    for name in ["KeyList", "ListedKey", "KeyRule", "Decoded", "AssignedKey", "KeyRecipient"] {
        let unseen = types.unseen(name);
        assert!(unseen.is_empty(), "nothing has {unseen:?}");
    }
}
