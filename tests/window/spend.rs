//! The Spend page over a year of spending, in the real window: by mouse and by keys alone.

use crate::{harness::Window, spending};
use domain::Timestamp;
use parallax_suite::support::program::Program;
use std::time::UNIX_EPOCH;

const ROWS: usize = 9_000;

const READY: &str = "document.querySelector('[data-testid=\"spend-chart\"] [data-bar]') \
                     && !document.querySelector('[aria-busy=true]')";

#[tokio::test]
async fn a_year_of_spending_is_shown_and_drilled_into() {
    let program = Program::new();
    let now = Timestamp(i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap());
    std::fs::create_dir_all(program.folder()).unwrap();
    spending::fill(&program.folder(), ROWS, 365, now);
    let total = program.ok(&["spend", "--json"]);
    assert!(total.contains(&format!("\"attempts\":{ROWS}")), "{total}");
    let window = Window::open(&program.folder()).await;
    window.get("onboarding").await;
    window.click("onboarding-skip").await;
    window.visit("spend").await;
    window.get("spend-month").await;
    window.until("the month", READY).await;
    window.until("the ledger", "document.querySelector('[data-intact=true]')").await;
    window.shots("spend-month").await;
    for (period, by) in [("year", "provider"), ("month", "conversation"), ("week", "model"), ("day", "model")]
    {
        window.click(&format!("spend-period-{period}")).await;
        window.click(&format!("spend-by-{by}")).await;
        window.until(period, READY).await;
        window.shot(&format!("spend-{period}-{by}")).await;
    }
    // Keys alone: to the chart, back a few bars, into the attempts of one, and its bill.
    window.click("spend-period-year").await;
    window.until("the year", READY).await;
    let keys = "document.querySelector('[data-testid=\"spend-chart\"] [tabindex=\"0\"]').focus(); \
                const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', \
                { key, bubbles: true, cancelable: true })); press('Home'); press('ArrowRight'); \
                press('End'); press('ArrowLeft'); press('Enter')";
    window.script(keys, vec![]).await;
    window.get("spend-attempts").await;
    let list = "document.querySelectorAll('[data-testid=\"spend-attempts\"] tbody tr').length";
    window.until("a page of attempts", &format!("{list} >= 100")).await;
    let focus = "document.activeElement.textContent.startsWith('Attempts:')";
    window.until("the focus is in the list", focus).await;
    window
        .script("document.querySelector('[data-testid=\"spend-attempts\"] [aria-expanded]').click()", vec![])
        .await;
    window.until("a bill", "document.querySelector('.bill dl dd')").await;
    window.shots("spend-attempts").await;
    window.close().await.unwrap();
}
