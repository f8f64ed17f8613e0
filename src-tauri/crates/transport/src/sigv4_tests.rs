use super::*;
use serde_json::Value;

const VECTORS: &str = include_str!("../tests/vectors/sigv4.json");

fn pairs(vector: &Value) -> Vec<(String, String)> {
    let pair = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned());
    vector["headers"].as_array().unwrap().iter().map(pair).collect()
}

/// The suite that AWS publishes for its own libraries.
#[test]
fn every_published_vector_has_its_signature() {
    let suite: Value = serde_json::from_str(VECTORS).unwrap();
    let secret = |name: &str| Secret::new(suite[name].as_str().unwrap());
    let keys = AccessKeys { id: secret("access_key_id"), secret: secret("secret_access_key"), session: None };
    let at = Timestamp(suite["timestamp_ms"].as_i64().unwrap());
    let scope =
        Scope { region: suite["region"].as_str().unwrap(), service: suite["service"].as_str().unwrap(), at };
    let vectors = suite["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 25, "{}", vectors.len());
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let headers = pairs(vector);
        let request = Signed {
            method: text("method"),
            path: text("path"),
            query: text("query"),
            headers: &headers,
            body: text("body").as_bytes(),
        };
        let name = text("name");
        let (form, names) = canonical(&request);
        assert_eq!(form, text("canonical"), "{name}");
        let value = authorization(&request, &scope, &keys);
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={names}, Signature={}",
            text("signature")
        );
        assert_eq!(value.expose(), expected, "{name}");
    }
}

#[test]
fn the_time_is_written_as_aws_reads_it() {
    for (at, text) in [
        (0, "19700101T000000Z"),
        (951_782_399_999, "20000228T235959Z"),
        (951_782_400_000, "20000229T000000Z"),
        (1_440_938_160_000, "20150830T123600Z"),
        (1_798_761_599_000, "20261231T235959Z"),
        (-1, "19691231T235959Z"),
    ] {
        assert_eq!(stamp(Timestamp(at)), text);
    }
}

/// Model ids hold colons, and profiles slashes: encoded once on the wire, twice in the signature.
#[test]
fn a_model_id_in_the_path_is_encoded_twice() {
    let path = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x/converse-stream";
    let request = Signed { method: "POST", path, query: "", headers: &[], body: b"{}" };
    let (form, _) = canonical(&request);
    assert_eq!(
        form.lines().nth(1).unwrap(),
        "/model/arn%253Aaws%253Abedrock%253Aus-east-1%253A1%253Ainference-profile%252Fus.x/converse-stream"
    );
}
