//! Every fault of the matrix through the gateway: three protocols in, three kinds of provider behind it.

use crate::{
    bench::Bench,
    judged::{CLIENTS, judge, request},
    matrix::FAULTS,
    script::{self, Script},
};
use parallax_suite::support::replay::Route;
use wire::serve::Protocol;

/// Provider of the bench, its dialect, where it is asked.
const UPSTREAMS: [(&str, &str, &str); 3] = [
    ("chat", "openai-chat", "/v1/chat/completions"),
    ("messages", "anthropic-messages", "/v1/messages"),
    ("gemini", "gemini", "/v1beta/models"),
];

/// One cell: what is wrong with it.
async fn cell(
    bench: &Bench,
    client: Protocol,
    to: usize,
    script: &Script,
    fault: usize,
    stream: bool,
) -> Vec<String> {
    let (provider, _, path) = UPSTREAMS[to];
    let (fault_name, fault) = FAULTS[fault];
    let Some(case) = fault(script) else { return Vec::new() };
    // No way of asking makes a name that is a part of another's.
    let name = format!("{client:?} {provider} {stream} {fault_name}");
    let question = format!("case {name}.");
    for answer in case.answers.iter().rev() {
        bench.upstream.first(Route::answer(answer.clone()).path(path).body(&question).times(1));
    }
    let (path, body) = request(client, &format!("m@{provider}"), &question, stream);
    let reply = bench.post(path, &body).await;
    let verdict = judge(client, &case, &reply, stream);
    let mut wrong: Vec<String> =
        verdict.wrong.iter().map(|(what, found)| format!("{what}: {found}")).collect();
    wrong.extend(verdict.counts.map(|counts| format!("counts {counts}")));
    if !verdict.thoughts.is_empty() {
        wrong.push(format!("thinks “{}”", verdict.thoughts));
    }
    wrong.extend(verdict.rough.map(|found| format!("ends as {found}")));
    wrong.iter().map(|what| format!("{name}: {what}; {} {}", reply.status, reply.text())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_provider_reads_as_a_whole_answer() {
    let bench = Bench::new(Vec::new()).await;
    let scripts = script::all();
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for (to, (_, dialect, _)) in UPSTREAMS.iter().enumerate() {
        let script = scripts.iter().find(|script| script.dialect == *dialect).unwrap();
        for client in CLIENTS {
            for (fault, (_, make)) in FAULTS.iter().enumerate() {
                for stream in [true, false] {
                    // Asked for one document, a provider of the same protocol would not stream.
                    if make(script).is_none() || (!stream && client.dialect() == *dialect) {
                        continue;
                    }
                    cells += 1;
                    wrong.extend(cell(&bench, client, to, script, fault, stream).await);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cells} cells:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cells >= 300, "{cells}");
    bench.booked().await;
    println!("{cells} cells");
}
