//! What follows a failure, kind by kind.

use domain::{ErrorKind, Failure, Millis, Timestamp, Upstream};
use router::{ATTEMPTS, LONG_ENOUGH, Next, PATIENCE, QUICK, RetryBudget, Shown, Situation, recover};

const FIRST: Situation = Situation {
    shown: Shown::Nothing,
    attempts_here: 1,
    attempts: 1,
    keys_left: 0,
    endpoints_left: 1,
    elapsed: Millis(100),
    may_retry: true,
};

/// What is asked for on a first attempt without anything else said: with another endpoint left, and alone.
fn expected(kind: ErrorKind) -> (Next, Next) {
    use ErrorKind::*;
    let retry = Next::Retry { after: Millis(500) };
    match kind {
        AuthMissing | AuthRejected | AuthForbidden | BillingCredits | BillingBudget | VaultUnavailable => {
            (Next::Advance, Next::Stop)
        }
        LimitRate | LimitContext | NetRedirect => (Next::Advance, Next::Stop),
        TimeConnect | TimeFirstByte | TimeIdle | TimeTotal => (Next::Advance, Next::Stop),
        StreamTruncated | StreamMalformed => (Next::Advance, Next::Stop),
        LimitOverloaded | UpstreamInternal | NetDns | NetConnect | NetTls | NetProxy => {
            (Next::Advance, retry)
        }
        RequestInvalid => (Next::Advance, Next::Stop),
        RequestUnsupported | RequestNoModel => (Next::Stop, Next::Stop),
        PolicyRefused | PolicyFiltered => (Next::Stop, Next::Stop),
        Cancelled | Interrupted | Bug => (Next::Stop, Next::Stop),
        StoreBusy | StoreFull | StoreNewer | StoreCorrupt | StoreDenied => (Next::Stop, Next::Stop),
        VaultLocked => (Next::Stop, Next::Stop),
    }
}

#[test]
fn every_kind_of_failure_has_its_answer() {
    for &kind in ErrorKind::ALL {
        let failure = Failure::new(kind, "x");
        let (others, alone) = expected(kind);
        assert_eq!(recover(&failure, FIRST), others, "{kind:?}");
        let last = Situation { endpoints_left: 0, ..FIRST };
        assert_eq!(recover(&failure, last), alone, "{kind:?} with nothing left");
        let third = Situation { attempts_here: 3, ..last };
        assert_eq!(recover(&failure, third), Next::Stop, "{kind:?} with nothing left, three times");
        let enough = Situation { attempts: ATTEMPTS, ..FIRST };
        assert_eq!(recover(&failure, enough), Next::Stop, "{kind:?} after {ATTEMPTS} attempts");
        let whole = Situation { shown: Shown::Whole, endpoints_left: 9, ..FIRST };
        assert_eq!(recover(&failure, whole), Next::Stop, "{kind:?}: half a call is never spliced");
        let text = recover(&failure, Situation { shown: Shown::Text, endpoints_left: 9, ..FIRST });
        assert!(matches!(text, Next::Stop | Next::OfferContinue), "{kind:?} after text: {text:?}");
    }
}

#[test]
fn what_a_proxy_gave_up_on_is_not_sent_there_again() {
    for status in [408, 504, 520, 524, 599] {
        let upstream = Upstream { status: Some(status), ..Upstream::default() };
        let failure = Failure::new(ErrorKind::UpstreamInternal, "x").with_upstream(upstream);
        assert_eq!(recover(&failure, FIRST), Next::Advance, "{status}");
        assert_eq!(recover(&failure, Situation { endpoints_left: 0, ..FIRST }), Next::Stop, "{status}");
    }
    let upstream = Upstream { status: Some(500), ..Upstream::default() };
    let failure = Failure::new(ErrorKind::UpstreamInternal, "x").with_upstream(upstream);
    let alone = recover(&failure, Situation { endpoints_left: 0, ..FIRST });
    assert_eq!(alone, Next::Retry { after: Millis(500) }, "its own error is a refusal");
}

#[test]
fn an_answer_that_broke_off_may_be_gone_on_with() {
    use ErrorKind::*;
    let after = |kind| recover(&Failure::new(kind, "x"), Situation { shown: Shown::Text, ..FIRST });
    for kind in [NetConnect, TimeIdle, StreamTruncated, StreamMalformed, UpstreamInternal, LimitOverloaded] {
        assert_eq!(after(kind), Next::OfferContinue, "{kind:?}");
    }
    for kind in [PolicyFiltered, PolicyRefused, Cancelled, RequestInvalid, BillingBudget, Bug] {
        assert_eq!(after(kind), Next::Stop, "{kind:?}");
    }
}

fn asking(kind: ErrorKind, wait: Millis) -> Failure {
    Failure::new(kind, "x").with_upstream(Upstream { retry_after: Some(wait), ..Upstream::default() })
}

#[test]
fn a_wait_is_kept_when_nobody_else_can_be_asked() {
    let at = |wait: u64, endpoints_left| {
        recover(&asking(ErrorKind::LimitRate, Millis(wait)), Situation { endpoints_left, ..FIRST })
    };
    assert_eq!(at(0, 0), Next::Retry { after: Millis(0) });
    assert_eq!(at(PATIENCE.0, 0), Next::Retry { after: PATIENCE });
    assert_eq!(at(PATIENCE.0 + 1, 0), Next::Stop);
    assert_eq!(at(u64::MAX, 0), Next::Stop);
    assert_eq!(at(QUICK.0, 3), Next::Retry { after: QUICK });
    assert_eq!(at(QUICK.0 + 1, 3), Next::Advance, "somebody else is quicker");
}

#[test]
fn another_key_goes_before_another_endpoint_where_the_key_is_at_fault() {
    let keys = Situation { keys_left: 1, ..FIRST };
    for kind in [ErrorKind::AuthRejected, ErrorKind::BillingCredits, ErrorKind::LimitRate] {
        assert_eq!(recover(&Failure::new(kind, "x"), keys), Next::NextKey, "{kind:?}");
    }
    let failing = Failure::new(ErrorKind::UpstreamInternal, "x");
    assert_eq!(recover(&failing, keys), Next::Advance, "another key meets the same failing endpoint");
}

#[test]
fn waiting_ends_with_the_deadline_and_the_budget() {
    let alone = Situation { endpoints_left: 0, ..FIRST };
    let busy = Failure::new(ErrorKind::LimitOverloaded, "x");
    assert_eq!(recover(&busy, alone), Next::Retry { after: Millis(500) });
    assert_eq!(
        recover(&busy, Situation { attempts_here: 2, attempts: 2, ..alone }),
        Next::Retry { after: Millis(1_000) }
    );
    assert_eq!(recover(&busy, Situation { elapsed: LONG_ENOUGH, ..alone }), Next::Stop);
    assert_eq!(recover(&busy, Situation { may_retry: false, ..alone }), Next::Stop);
    assert_eq!(
        recover(&asking(ErrorKind::LimitOverloaded, Millis(3_000)), alone),
        Next::Retry { after: Millis(3_000) }
    );
}

#[test]
fn an_outage_does_not_multiply_what_is_sent() {
    let mut budget = RetryBudget::new(Timestamp(0));
    let mut retries = 0;
    // A hundred requests in ten minutes, each failing, each asking for two more tries.
    for request in 0..100i64 {
        let now = Timestamp(request * 6_000);
        budget.request(now);
        for _ in 0..2 {
            if budget.allows(now) {
                budget.spend();
                retries += 1;
            }
        }
    }
    assert!((30..=50).contains(&retries), "{retries} second tries for 100 requests");
}

#[test]
fn an_unsupported_parameter_or_a_missing_model_is_this_endpoints_matter_alone() {
    let named = Failure::new(ErrorKind::RequestUnsupported, "x")
        .with_upstream(Upstream { param: Some("seed".into()), ..Upstream::default() });
    assert_eq!(recover(&named, FIRST), Next::Advance);
    assert_eq!(recover(&named, Situation { endpoints_left: 0, ..FIRST }), Next::Stop);
    let gone = Failure::new(ErrorKind::RequestNoModel, "x")
        .with_upstream(Upstream { status: Some(404), ..Upstream::default() });
    assert_eq!(recover(&gone, FIRST), Next::Advance);
}

#[test]
fn a_provider_that_says_whether_to_ask_again_is_believed() {
    let saying = |kind, should_retry| {
        let upstream = Upstream {
            status: Some(500),
            retry_after: Some(Millis(200)),
            should_retry: Some(should_retry),
            ..Upstream::default()
        };
        Failure::new(kind, "x").with_upstream(upstream)
    };
    let alone = Situation { endpoints_left: 0, ..FIRST };
    for kind in [ErrorKind::UpstreamInternal, ErrorKind::LimitOverloaded] {
        assert_eq!(recover(&saying(kind, true), alone), Next::Retry { after: Millis(500) }, "{kind:?}");
        assert_eq!(recover(&saying(kind, false), alone), Next::Stop, "{kind:?}");
        assert_eq!(recover(&saying(kind, false), FIRST), Next::Advance, "{kind:?}");
    }
    let limit = |should_retry| saying(ErrorKind::LimitRate, should_retry);
    assert_eq!(recover(&limit(true), FIRST), Next::Retry { after: Millis(200) });
    assert_eq!(recover(&limit(false), FIRST), Next::Advance);
    assert_eq!(recover(&limit(false), Situation { keys_left: 1, ..alone }), Next::NextKey);
    let invalid = |should_retry| saying(ErrorKind::RequestInvalid, should_retry);
    assert_eq!(recover(&invalid(false), FIRST), Next::Advance, "another model was named for this");
    assert_eq!(recover(&invalid(false), alone), Next::Stop);
    assert_eq!(recover(&invalid(true), FIRST), Next::Advance);
    assert_eq!(recover(&invalid(true), alone), Next::Retry { after: Millis(500) });
    // It is not the provider's to say that a key without money, a refusal or a cut stream is tried anew.
    for kind in [ErrorKind::BillingCredits, ErrorKind::PolicyRefused, ErrorKind::StreamTruncated] {
        assert_eq!(recover(&saying(kind, true), alone), Next::Stop, "{kind:?}");
    }
}
