use super::*;

const SESSION: &str = "IQoJb3JpZ2luX2VjEXAMPLE//session+token==";

fn aws() -> AuthScheme {
    AuthScheme::Aws { service: "bedrock".to_owned(), region: "us-east-1".to_owned() }
}

fn to_google() -> AuthScheme {
    AuthScheme::Google { token_url: "https://oauth2.googleapis.com/token".to_owned(), scope: "s".to_owned() }
}

fn kept(scheme: &AuthScheme, key: &str) -> (String, Option<String>) {
    let entered = enter(scheme, &Secret::new(key)).unwrap();
    (entered.secret.expose().to_owned(), entered.last_four)
}

fn refused(scheme: &AuthScheme, key: &str) -> String {
    let failure = enter(scheme, &Secret::new(key)).unwrap_err();
    assert_eq!(failure.kind, ErrorKind::RequestInvalid);
    failure.message
}

#[test]
fn access_keys_are_known_in_every_form_they_are_shown_in() {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let whole = format!("ASIAIOSFODNN7EXAMPLE:{secret}:{SESSION}");
    let long = format!("AKIAIOSFODNN7EXAMPLE:{secret}");
    assert_eq!(kept(&aws(), &long), (long.clone(), Some("MPLE".to_owned())));
    assert_eq!(kept(&aws(), &whole).0, whole);
    for form in [
        format!(
            r#"{{"Version":1,"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"{secret}","SessionToken":"{SESSION}"}}"#
        ),
        format!(
            r#"{{"Credentials":{{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"{secret}","SessionToken":"{SESSION}","Expiration":"x"}}}}"#
        ),
        format!(
            "[default]\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key={secret}\naws_session_token = {SESSION}"
        ),
        format!(
            "export AWS_ACCESS_KEY_ID=\"ASIAIOSFODNN7EXAMPLE\"\nexport AWS_SECRET_ACCESS_KEY=\"{secret}\"\nexport AWS_SESSION_TOKEN=\"{SESSION}\""
        ),
    ] {
        assert_eq!(kept(&aws(), &form).0, whole, "{form}");
    }
    // An API key of Bedrock is one word and stays as it is, and so does this text at another provider.
    assert_eq!(kept(&aws(), "bedrock-api-key-YmVkcm9jaw==").0, "bedrock-api-key-YmVkcm9jaw==");
    assert_eq!(kept(&AuthScheme::Bearer, &long).0, long);
    for bad in ["AKIAIOSFODNN7EXAMPLE:", "AKIAX:a:b:c", r#"{"AccessKeyId":"AKIAX"}"#, "AKIAX:a b"] {
        let words = refused(&aws(), bad);
        assert!(words.contains("SECRET_ACCESS_KEY"), "{bad}: {words}");
    }
    assert!(refused(&aws(), "two words").contains("spaces"));
    assert!(refused(&AuthScheme::Bearer, "").contains("empty"));
}

#[test]
fn a_key_file_that_is_none_is_refused_by_what_it_lacks() {
    for (file, words) in [
        ("{", "none"),
        (r#"{"client_email":"a"}"#, "type"),
        (r#"{"type":"external_account"}"#, "external_account"),
        (r#"{"type":"service_account"}"#, "private_key"),
        (
            r#"{"type":"service_account","private_key":"x y","client_email":"a","private_key_id":"k"}"#,
            "private key",
        ),
        (
            r#"{"type":"service_account","private_key":"aGVsbG8=","client_email":"a","private_key_id":"k"}"#,
            "private key",
        ),
        (r#"{"type":"authorized_user","client_id":"a"}"#, "client_secret"),
        (r#"{"type":"service_account","universe_domain":"example.cloud"}"#, "universes"),
    ] {
        let message = refused(&to_google(), file);
        assert!(message.contains(words), "{file}: {message}");
    }
}

#[test]
fn a_key_file_that_names_another_token_address_is_refused() {
    for place in [
        "https://oauth2.googleapis.com.evil.example/token",
        "https://evil.example/oauth2.googleapis.com/token",
        "http://oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com@evil.example/token",
    ] {
        let file = format!(
            r#"{{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c","token_uri":"{place}"}}"#
        );
        assert!(refused(&to_google(), &file).contains("not Google"), "{place}");
    }
    for place in ["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"] {
        let file = format!(
            r#"{{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c","token_uri":"{place}"}}"#
        );
        let (text, _) = kept(&to_google(), &file);
        assert!(!text.contains("token_uri"), "{text}");
    }
}

#[test]
fn only_what_is_secret_in_a_document_is_hidden() {
    let file = r#"{"type":"authorized_user","client_id":"id.apps","client_secret":"GOCSPX-verysecret","refresh_token":"1//refresh-token-abc"}"#;
    let found: Vec<String> = parts(file).iter().map(|part| part.to_string()).collect();
    assert_eq!(found, ["1//refresh-token-abc", "GOCSPX-verysecret"]);
    let text = "authorized_user id.apps may not use GOCSPX-verysecret here";
    assert_eq!(crate::redact(text, &Secret::new(file)), "authorized_user id.apps may not use [key] here");
    let signed = format!("AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI:{SESSION}");
    let clean = crate::redact(
        &format!("x-amz-security-token:{SESSION} for AKIAIOSFODNN7EXAMPLE"),
        &Secret::new(signed),
    );
    assert_eq!(clean, "x-amz-security-token:[key] for [key]");
    let pem = r#"{"private_key":"-----BEGIN PRIVATE KEY-----\nMIIEvAIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"}"#;
    assert_eq!(parts(pem)[0].as_str(), "MIIEvAIBADANBgkqhkiG9w0BAQEFAASC");
}
