use super::*;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use std::cell::Cell;
use std::sync::OnceLock;

const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const NOW: i64 = 1_795_000_000_000;

/// A private key made for this run, in PEM. Ours can sign with one but not make one.
fn pem() -> &'static str {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| {
        let made = std::process::Command::new("openssl")
            .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
            .output()
            .expect("openssl is among the test packages of `cargo xtask setup`");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap()
    })
}

fn file() -> String {
    json!({
        "type": "service_account", "project_id": "p", "private_key_id": "kid-0123456789",
        "private_key": pem(), "client_email": "robot@p.iam.gserviceaccount.com", "client_id": "1",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": TOKEN_URL,
    })
    .to_string()
}

/// The key as it is kept, and what it is read as.
fn account() -> (Secret, Credential) {
    let scheme = domain::AuthScheme::Google { token_url: TOKEN_URL.into(), scope: SCOPE.into() };
    let entered = crate::enter(&scheme, &Secret::new(file())).unwrap();
    assert_eq!(entered.last_four.as_deref(), Some("6789"));
    assert!(!entered.secret.expose().contains('\n') && entered.secret.expose().len() < 2200);
    let credential = crate::credential::parse(&scheme, &entered.secret).unwrap();
    (entered.secret, credential)
}

fn wanted(key: &Secret, now: i64) -> Wanted<'_> {
    Wanted { key, token_url: TOKEN_URL, scope: SCOPE, now: Timestamp(now) }
}

fn field(form: &Secret, name: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(form.expose().as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
}

#[test]
fn the_assertion_is_signed_with_the_accounts_key() {
    let (key, credential) = account();
    let form = form(&wanted(&key, NOW), &credential).unwrap();
    assert_eq!(field(&form, "grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let jwt = field(&form, "assertion");
    let [header, claims, signature] = jwt.split('.').collect::<Vec<_>>()[..] else { panic!("{jwt}") };
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&bytes(part)).unwrap();
    assert_eq!(read(header), json!({ "alg": "RS256", "typ": "JWT", "kid": "kid-0123456789" }));
    let seconds = NOW / 1000;
    let expected = json!({
        "iss": "robot@p.iam.gserviceaccount.com", "scope": SCOPE, "aud": TOKEN_URL,
        "iat": seconds, "exp": seconds + 3600,
    });
    assert_eq!(read(claims), expected);
    let Credential::Service(account) = &credential else { panic!("a service account") };
    let pair = RsaKeyPair::from_pkcs8(&account.key).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    let signed = jwt.rsplit_once('.').unwrap().0.as_bytes();
    public.verify(signed, &bytes(signature)).unwrap();
    let mut other = bytes(signature);
    other[0] ^= 1;
    assert!(public.verify(signed, &other).is_err());
}

#[test]
fn a_users_login_is_refreshed() {
    let scheme = domain::AuthScheme::Google { token_url: TOKEN_URL.into(), scope: SCOPE.into() };
    let file = r#"{"type":"authorized_user","client_id":"id","client_secret":"a&b","refresh_token":"1//r"}"#;
    let entered = crate::enter(&scheme, &Secret::new(file)).unwrap();
    let credential = crate::credential::parse(&scheme, &entered.secret).unwrap();
    let form = form(&wanted(&entered.secret, NOW), &credential).unwrap();
    assert_eq!(
        form.expose(),
        "grant_type=refresh_token&client_id=id&client_secret=a%26b&refresh_token=1%2F%2Fr"
    );
}

fn answer(token: &str, life: i64) -> (u16, Vec<u8>) {
    (
        200,
        json!({ "access_token": token, "expires_in": life, "token_type": "Bearer" }).to_string().into_bytes(),
    )
}

#[tokio::test]
async fn a_token_is_kept_until_it_is_about_to_end() {
    let (key, credential) = account();
    let tokens = Tokens::default();
    let made = Cell::new(0);
    let provider = ProviderId::from("p");
    let get = async |after: i64| {
        let wanted = wanted(&key, NOW + after * 1000);
        let exchange = |_form| {
            made.set(made.get() + 1);
            let token = format!("token-{}", made.get());
            async move { Ok(answer(&token, 3600)) }
        };
        tokens.get(&wanted, &credential, &provider, exchange).await.unwrap().expose().to_owned()
    };
    assert_eq!(get(0).await, "token-1");
    assert_eq!(get(2879).await, "token-1");
    assert_eq!(get(2880).await, "token-2", "at four fifths of its life");
    tokens.forget(&wanted(&key, NOW));
    assert_eq!(get(2881).await, "token-3", "one that was refused is not used again");
    let other = Wanted { scope: "other", ..wanted(&key, NOW) };
    let fresh = tokens.get(&other, &credential, &provider, |_| async { Ok(answer("other", 60)) }).await;
    assert_eq!(fresh.unwrap().expose(), "other");
}

#[tokio::test]
async fn lanes_that_start_together_share_one_exchange() {
    let (key, credential) = account();
    let tokens = Tokens::default();
    let made = Cell::new(0);
    let provider = ProviderId::from("p");
    let get = async || {
        let exchange = |_form| {
            made.set(made.get() + 1);
            async {
                tokio::task::yield_now().await;
                Ok(answer("shared", 3600))
            }
        };
        tokens.get(&wanted(&key, NOW), &credential, &provider, exchange).await.unwrap()
    };
    let (a, b, c) = futures_util::join!(get(), get(), get());
    assert_eq!((a.expose(), b.expose(), c.expose()), ("shared", "shared", "shared"));
    assert_eq!(made.get(), 1);
}

#[tokio::test]
async fn why_there_is_no_token_is_said_and_nothing_is_kept() {
    let (key, credential) = account();
    let tokens = Tokens::default();
    let provider = ProviderId::from("p");
    let grant = r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
    for (status, body, kind, words) in [
        (400, grant, ErrorKind::AuthRejected, "Invalid JWT Signature."),
        (401, r#"{"error":"invalid_client"}"#, ErrorKind::AuthRejected, "invalid_client"),
        (403, "<html>", ErrorKind::AuthRejected, "key file"),
        (429, "", ErrorKind::LimitRate, "tokens"),
        (503, "", ErrorKind::UpstreamInternal, "moment"),
        (200, "<html>", ErrorKind::NetConnect, "proxy"),
        (200, r#"{"access_token":""}"#, ErrorKind::NetConnect, "proxy"),
    ] {
        let exchange = |_form| async move { Ok((status, body.as_bytes().to_vec())) };
        let failure = tokens.get(&wanted(&key, NOW), &credential, &provider, exchange).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{status} {body}");
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!(failure.upstream.unwrap().status, Some(status));
    }
    let exchange = |_form| async { Ok(answer("after", 3600)) };
    assert_eq!(
        tokens.get(&wanted(&key, NOW), &credential, &provider, exchange).await.unwrap().expose(),
        "after"
    );
}
