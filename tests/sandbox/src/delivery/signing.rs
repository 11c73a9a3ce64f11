//! Signatures: HMAC-SHA256 of a body and what is signed along with it, in hex or base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::scheme::Scheme;

/// A secret, ready to sign with.
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    /// The bytes of the text, or those that Standard Webhooks wraps in `whsec_` and base64;
    /// `wrong` makes another key of them.
    pub(super) fn of(scheme: Scheme, secret: &str, wrong: bool) -> Result<Self, String> {
        let mut bytes = match scheme {
            Scheme::StandardWebhooks => STANDARD
                .decode(secret.strip_prefix("whsec_").unwrap_or(secret))
                .map_err(|_| "secret: base64 is wanted, which may follow `whsec_`")?,
            _ => secret.as_bytes().to_vec(),
        };
        if bytes.is_empty() {
            return Err("secret: it is empty".to_owned());
        }
        if wrong {
            bytes.push(b'~');
        }
        Hmac::new_from_slice(&bytes).map(Self).map_err(|problem| format!("secret: {problem}"))
    }
}

/// What is signed; `time` is in seconds.
pub(super) struct Stamp<'a> {
    pub(super) scheme: Scheme,
    pub(super) id: &'a str,
    pub(super) time: u64,
    pub(super) body: &'a [u8],
}

impl Stamp<'_> {
    /// The value of the signature's header; with one wrong digit if it is to be `wrong`.
    pub(super) fn signature(&self, key: &Key, wrong: bool) -> String {
        let before = match self.scheme {
            Scheme::Linktor => format!("{}.", self.time),
            Scheme::StandardWebhooks => format!("{}.{}.", self.id, self.time),
            _ => String::new(),
        };
        let mut code = key.0.clone().chain_update(before).chain_update(self.body).finalize().into_bytes();
        // One bit, and so one digit in hex as in base64.
        code[0] ^= u8::from(wrong);
        match self.scheme {
            Scheme::StandardWebhooks => format!("v1,{}", STANDARD.encode(code)),
            Scheme::ApiV1 | Scheme::XHubSignature256 => format!("sha256={}", hex(&code)),
            _ => hex(&code),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn signature(scheme: Scheme, secret: &str, body: &[u8], wrong: bool) -> String {
        let key = Key::of(scheme, secret, false).unwrap();
        Stamp { scheme, id: ID, time: 1_614_265_330, body }.signature(&key, wrong)
    }

    #[test]
    fn the_signature_of_standard_webhooks_is_that_of_its_sample() {
        for secret in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
            assert_eq!(signature(Scheme::StandardWebhooks, secret, BODY, false), expected);
        }
    }

    #[test]
    fn the_signature_of_x_hub_is_that_of_githubs_sample() {
        let expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let secret = "It's a Secret to Everybody";
        assert_eq!(signature(Scheme::XHubSignature256, secret, b"Hello, World!", false), expected);
    }

    /// The numbers are OpenSSL's: `printf BODY | openssl dgst -sha256 -hmac secret`.
    #[test]
    fn only_the_timestamped_scheme_signs_the_time() {
        let timed = "d0c5e92cbfd6a4ad865333d1e79ed52ba82849d84281eff5e3c3233e92439630";
        let bare = "c4be5c092d907fa240f2da524c1fd82913705379274d113cacd5ec3a667ad4d4";
        assert_eq!(signature(Scheme::Linktor, "secret", BODY, false), timed);
        for scheme in [Scheme::LinktorBody, Scheme::Libromi, Scheme::ApiV2] {
            assert_eq!(signature(scheme, "secret", BODY, false), bare);
        }
        assert_eq!(signature(Scheme::ApiV1, "secret", BODY, false), format!("sha256={bare}"));
    }

    #[test]
    fn a_wrong_signature_differs_in_one_digit_and_still_reads() {
        for scheme in [Scheme::StandardWebhooks, Scheme::ApiV1, Scheme::Linktor] {
            let [right, wrong] = [false, true].map(|wrong| signature(scheme, "c2VjcmV0", BODY, wrong));
            let others = right.bytes().zip(wrong.bytes()).filter(|(right, wrong)| right != wrong).count();
            assert_eq!((others, right.len()), (1, wrong.len()));
            if let Some(encoded) = wrong.strip_prefix("v1,") {
                assert_eq!(STANDARD.decode(encoded).map(|code| code.len()), Ok(32));
            }
        }
    }
}
