//! Proofs of reasoning on their way through a client: marked with who issued them.
//!
//! A proof means something to the endpoint that made it and to no other. A client keeps it without looking and
//! sends it back; by the mark we know whom it may be shown to, and that the rest of the message was ours.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Nine bytes, so that it is twelve letters of base64 whatever follows.
const MARK: &str = "plxproof1";
/// Clients that hold bytes write them again in their own base64, with or without padding.
const CODE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// In place of a call's id: it belongs to the thought before it that has no proof, which was told before this came.
pub(super) const EARLIER: &str = "↑";

/// A proof with its mark taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// `provider/upstream model`.
    pub(super) issuer: String,
    /// Id of the tool call it belongs to; `None` = to reasoning.
    pub(super) call: Option<String>,
    /// As the issuer gave it; `None` = there is none, only the mark.
    pub(super) signature: Option<String>,
}

/// A proof with its mark, as base64.
pub(super) fn seal(issuer: &str, call: Option<&str>, signature: Option<&str>) -> String {
    let line = |text: &str| text.replace('\n', " ");
    let (issuer, call) = (line(issuer), line(call.unwrap_or_default()));
    CODE.encode(format!("{MARK}{issuer}\n{call}\n{}", signature.unwrap_or_default()))
}

/// Takes the mark off; `None` for a proof that is not of our marking.
pub(super) fn open(text: &str) -> Option<Proof> {
    let mark = CODE.encode(MARK);
    if !text.starts_with(&mark) {
        return None;
    }
    let plain: String = text
        .chars()
        .map(|c| {
            if c == '-' {
                '+'
            } else if c == '_' {
                '/'
            } else {
                c
            }
        })
        .collect();
    let bytes = CODE.decode(plain).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let mut fields = text.strip_prefix(MARK)?.splitn(3, '\n');
    let mut next = || fields.next().map(str::to_owned);
    let (issuer, call, signature) = (next()?, next()?, next()?);
    let some = |text: String| (!text.is_empty()).then_some(text);
    Some(Proof { issuer, call: some(call), signature: some(signature) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_come_back_as_they_were() {
        for (call, signature) in
            [(None, Some("EqQB+/=\nx")), (Some("call_1"), Some("[{\"a\":1}]")), (None, None)]
        {
            let sealed = seal("acme/m-1", call, signature);
            let opened = open(&sealed).unwrap();
            assert_eq!(opened.issuer, "acme/m-1");
            assert_eq!((opened.call.as_deref(), opened.signature.as_deref()), (call, signature));
            // As a client writes it that held bytes.
            let again = sealed.replace('+', "-").replace('/', "_").replace('=', "");
            assert_eq!(open(&again), Some(opened));
        }
    }

    #[test]
    fn proofs_of_others_are_not_ours() {
        for other in ["", "EqQBCgIYAhIkYjk4", "cGx4cHJvb2Yx", "cGx4cHJvb2Yx!!!!", "cGx4cHJvb2Yx/w=="] {
            assert_eq!(open(other), None, "{other}");
        }
    }
}
