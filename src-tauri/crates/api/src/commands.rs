//! The list of commands. One line each: name, payload, result, handler.

use crate::{
    Api, Sink, attachments, backups, branches,
    budget::{self, BudgetRef, BudgetView},
    catalogue::{self, CatalogueView, DecidePrices, ModelDetail, ModelName, RefreshReport, SetPrice},
    chat, compare, database, experiments, filing,
    gateway::{self, AppKeyRef, GatewayView, MadeAppKey, MakeAppKey, SwitchGateway},
    history, imports, links, models, prompts, providers,
    quick::{self, QuickState, QuickTaken, QuickText, QuickView, SetQuick},
    routing, settings,
    spend::{self, types::*},
    titles,
    types::*,
};
use domain::{Budget, ErrorKind, Failure, LaneTarget};
use engine::{
    DuelNames, DuelVote,
    beside::{Judge, Judgement},
    blind::Revealed,
    board::{
        Board, BoardQuery,
        counter::{SupposeQuery, Supposed},
    },
    differences::{Agreed, Differences},
    frame::TurnView,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Windows that may call a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The main window.
    Main,
    /// The small window for a quick question.
    Quick,
}

/// One command of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Name.
    pub name: &'static str,
    /// Who may call it.
    pub scope: Scope,
    /// Its frames come through a channel.
    pub stream: bool,
}

macro_rules! commands {
    (
        plain { $($name:literal ($payload:ty) -> $result:ty = $handler:path;)* }
        quick { $($qname:literal ($qpayload:ty) -> $qresult:ty = $qhandler:path;)* }
        stream { $($sname:literal ($spayload:ty) -> $sresult:ty = $shandler:path;)* }
    ) => {
        /// Every command there is.
        pub const COMMANDS: &[Command] = &[
            $(Command { name: $name, scope: Scope::Main, stream: false },)*
            $(Command { name: $qname, scope: Scope::Quick, stream: false },)*
            $(Command { name: $sname, scope: Scope::Main, stream: true },)*
        ];

        /// Runs a command that answers once.
        pub async fn dispatch(api: &Api, name: &str, payload: Value) -> Result<Value, Failure> {
            match name {
                $($name => answer::<$result>($handler(api, read::<$payload>(name, payload)?).await?),)*
                $($qname => answer::<$qresult>($qhandler(api, read::<$qpayload>(name, payload)?).await?),)*
                _ => Err(unknown(name)),
            }
        }

        /// Runs a command whose frames go to `sink`.
        pub async fn dispatch_stream(
            api: &Api,
            name: &str,
            payload: Value,
            sink: Sink,
        ) -> Result<Value, Failure> {
            match name {
                $($sname => answer::<$sresult>($shandler(api, read::<$spayload>(name, payload)?, sink).await?),)*
                _ => Err(unknown(name)),
            }
        }

        /// Names of payload and result in TypeScript, for the generated client map.
        #[cfg(feature = "ts")]
        pub(crate) fn signatures(config: &ts_rs::Config) -> Vec<(&'static str, String, String, bool)> {
            use ts_rs::TS;
            vec![
                $(($name, <$payload as TS>::name(config), <$result as TS>::name(config), false),)*
                $(($qname, <$qpayload as TS>::name(config), <$qresult as TS>::name(config), false),)*
                $(($sname, <$spayload as TS>::name(config), <$sresult as TS>::name(config), true),)*
            ]
        }

        /// Writes every payload and result type.
        #[cfg(feature = "ts")]
        pub(crate) fn export(config: &ts_rs::Config) -> Result<(), ts_rs::ExportError> {
            use ts_rs::TS;
            $(<$payload as TS>::export_all(config).or_else(primitive)?;
              <$result as TS>::export_all(config).or_else(primitive)?;)*
            $(<$qpayload as TS>::export_all(config).or_else(primitive)?;
              <$qresult as TS>::export_all(config).or_else(primitive)?;)*
            $(<$spayload as TS>::export_all(config).or_else(primitive)?;
              <$sresult as TS>::export_all(config).or_else(primitive)?;)*
            Ok(())
        }
    };
}

commands! {
    plain {
        "app/state" (()) -> AppState = settings::state;
        "database/check" (()) -> database::DatabaseCheck = database::check;
        "storage/probe" (()) -> StorageState = settings::reprobe;
        "view/get" (ViewKey) -> ViewValue = settings::view_get;
        "view/set" (ViewValue) -> () = settings::view_set;
        "settings/theme" (Theme) -> () = settings::theme;
        "settings/onboarded" (Onboarded) -> () = settings::onboarded;
        "conversation/list" (()) -> Vec<ConversationSummary> = chat::list;
        "conversation/open" (OpenConversation) -> ConversationView = chat::open;
        "conversation/rename" (Rename) -> ConversationSummary = chat::rename;
        "conversation/archive" (Archive) -> () = chat::archive;
        "conversation/delete" (ConversationRef) -> () = history::delete;
        "conversation/restore" (ConversationRef) -> ConversationSummary = history::restore;
        "conversation/purge" (ConversationRef) -> () = history::purge;
        "conversation/shelf" (ShelfRef) -> Shelved = history::shelf;
        "conversation/export" (ExportConversation) -> ExportedFile = history::export;
        "conversation/pin" (PinConversation) -> ConversationSummary = filing::pin;
        "conversation/tag" (TagConversation) -> ConversationSummary = filing::tag;
        "conversation/move" (MoveConversation) -> ConversationSummary = filing::put_into;
        "filing/list" (()) -> CabinetView = filing::cabinet;
        "folder/put" (PutName) -> CabinetView = filing::put_folder;
        "folder/remove" (NameRef) -> CabinetView = filing::remove_folder;
        "tag/rename" (PutName) -> CabinetView = filing::rename_tag;
        "tag/remove" (NameRef) -> CabinetView = filing::remove_tag;
        "title/state" (()) -> TitleView = titles::state;
        "title/set" (SetTitleModel) -> TitleView = titles::set;
        "history/search" (SearchQuery) -> SearchPage = history::search;
        "import/state" (()) -> ImportState = imports::state;
        "import/run" (ImportFile) -> ImportOutcome = imports::run;
        "import/stop" (()) -> () = imports::stop;
        "import/undo" (ImportRef) -> ImportUndone = imports::undo;
        "backup/state" (()) -> BackupState = backups::state;
        "backup/make" (()) -> BackupDone = backups::make;
        "backup/restore" (RestoreFile) -> BackupDone = backups::restore;
        "backup/stop" (()) -> () = backups::stop;
        "conversation/find" (FindInChat) -> Vec<engine::FoundTurn> = history::find;
        "conversation/go" (GoTo) -> ConversationView = branches::go;
        "conversation/continue" (ContinueFrom) -> Vec<LaneView> = branches::continue_from;
        "conversation/map" (ConversationRef) -> Vec<engine::MapTurn> = branches::map;
        "conversation/fork" (Fork) -> ForkView = branches::fork;
        "conversation/duplicate" (ConversationRef) -> ConversationSummary = branches::duplicate;
        "turn/pick" (PickTurn) -> Picked = branches::pick;
        "run/show" (RunRef) -> TurnView = branches::show;
        "conversation/line_up" (LineUp) -> Vec<LaneView> = chat::line_up;
        "attachment/add" (AttachFile) -> AttachmentFact = attachments::add;
        "attachment/view" (AttachmentRef) -> AttachmentFact = attachments::view;
        "attachment/data" (AttachmentRef) -> MediaData = attachments::data;
        "run/picture" (PictureRef) -> MediaData = attachments::picture;
        "prompt/list" (()) -> PromptList = prompts::list;
        "prompt/put" (PutPrompt) -> PromptList = prompts::put;
        "prompt/remove" (SavedRef) -> PromptList = prompts::remove;
        "team/put" (PutTeam) -> PromptList = prompts::put_team;
        "team/remove" (SavedRef) -> PromptList = prompts::remove_team;
        "quick/view" (()) -> QuickView = quick::view;
        "quick/set" (SetQuick) -> QuickView = quick::set;
        "quick/take" (()) -> QuickTaken = quick::take;
        "window/notify" (TellUser) -> () = settings::notify;
        "models/search" (ModelQuery) -> ModelList = models::search;
        "models/catalogue" (()) -> CatalogueView = catalogue::catalogue;
        "models/detail" (ModelName) -> ModelDetail = catalogue::detail;
        "price/set" (SetPrice) -> ModelDetail = catalogue::set_price;
        "price/reset" (ModelName) -> ModelDetail = catalogue::reset_price;
        "price/decide" (DecidePrices) -> u32 = catalogue::decide;
        "catalogue/refresh" (()) -> RefreshReport = catalogue::refresh;
        "models/resolve" (Vec<LaneTarget>) -> Vec<ModelRow> = models::resolve;
        "turn/estimate" (SendTurn) -> EstimateView = chat::estimate;
        "turn/snapshot" (TurnRef) -> TurnView = chat::snapshot;
        "turn/cancel" (Cancel) -> () = chat::cancel;
        "run/text" (RunRef) -> RunText = chat::text;
        "experiment/list" (()) -> Vec<ExperimentSummary> = experiments::list;
        "experiment/open" (ExperimentRef) -> ExperimentDetail = experiments::open;
        "experiment/cell" (ExperimentCellRef) -> ExperimentAnswer = experiments::cell;
        "experiment/duel" (ExperimentRef) -> NextDuel = experiments::duel;
        "experiment/vote" (DuelVote) -> DuelNames = experiments::duel_vote;
        "experiment/estimate" (ExperimentDraft) -> ExperimentEstimate = experiments::estimate;
        "experiment/make" (ExperimentDraft) -> ExperimentSummary = experiments::make;
        "experiment/run" (RunExperiment) -> ExperimentSummary = experiments::run;
        "turn/note" (NoteTurn) -> () = compare::note_turn;
        "experiment/note" (NoteCell) -> () = compare::note_cell;
        "experiment/remove" (ExperimentRef) -> () = experiments::remove;
        "experiment/restore" (ExperimentRef) -> ExperimentSummary = experiments::restore;
        "experiment/pause" (ExperimentRef) -> ExperimentSummary = experiments::pause;
        "experiment/rerun" (RerunExperiment) -> ExperimentSummary = experiments::rerun;
        "experiment/compare" (ExperimentPair) -> RegressionView = experiments::compare;
        "experiment/export" (ExportExperiment) -> ExportedFile = experiments::export;
        "compare/two" (CompareTwo) -> Differences = compare::two;
        "compare/all" (CompareAll) -> Agreed = compare::all;
        "blind/vote" (CastBlind) -> Revealed = compare::vote;
        "blind/reveal" (TurnRef) -> Revealed = compare::reveal;
        "blind/undo" (TurnRef) -> TurnView = compare::undo;
        "turn/judge_estimate" (JudgeTurn) -> EstimateView = compare::judge_estimate;
        "turn/judge" (JudgeTurn) -> Judgement = compare::judge;
        "turn/judge_stop" (TurnRef) -> () = compare::judge_stop;
        "turn/merge_estimate" (MergeTurn) -> EstimateView = compare::merge_estimate;
        "conversation/judgements" (ConversationRef) -> Vec<Judgement> = compare::judgements;
        "judge/defaults" (()) -> Judge = compare::judge_defaults;
        "judge/remove" (JudgementRef) -> () = compare::judge_remove;
        "board/open" (BoardQuery) -> Board = compare::board;
        "board/suppose" (SupposeQuery) -> Supposed = compare::suppose;
        "board/export" (()) -> ExportedFile = compare::export;
        "spend/today" (()) -> SpendFigure = spend::today;
        "spend/page" (SpendQuery) -> SpendPage = spend::page;
        "spend/attempts" (SpendAttempts) -> SpendAttemptList = spend::attempts;
        "spend/export" (SpendExport) -> SpendFile = spend::export;
        "spend/ledger" (()) -> LedgerState = spend::ledger;
        "budget/list" (()) -> Vec<BudgetView> = budget::list;
        "budget/set" (Budget) -> BudgetView = budget::set;
        "budget/remove" (BudgetRef) -> () = budget::remove;
        "gateway/state" (()) -> GatewayView = gateway::state;
        "gateway/switch" (SwitchGateway) -> GatewayView = gateway::switch;
        "app_key/make" (MakeAppKey) -> MadeAppKey = gateway::make_key;
        "app_key/revoke" (AppKeyRef) -> GatewayView = gateway::revoke_key;
        "provider/list" (()) -> Vec<ProviderRow> = providers::list;
        "provider/add" (AddProvider) -> ProviderRow = providers::add;
        "provider/remove" (ProviderRef) -> () = providers::remove;
        "provider/set" (SetFields) -> ProviderRow = providers::set_fields;
        "provider/test" (KeyRef) -> KeyTest = providers::test;
        "provider/models" (ProviderRef) -> ProviderModels = providers::models_of;
        "provider/refresh" (ProviderRef) -> ProviderRow = providers::refresh;
        "key/set" (SetKey) -> ProviderRow = providers::set_key;
        "key/delete" (KeyRef) -> ProviderRow = providers::delete_key;
        "key/order" (KeyOrder) -> ProviderRow = providers::order_keys;
        "run/receipt" (RunRef) -> Receipt = routing::receipt;
        "run/request" (AttemptRef) -> SentRequest = routing::request;
        "route/explain" (RouteQuery) -> RouteExplained = routing::explain;
        "policy/list" (()) -> PolicyList = routing::policies;
        "policy/put" (PolicyEdit) -> PolicyList = routing::put_policy;
        "policy/remove" (PolicyRef) -> PolicyList = routing::remove_policy;
        "policy/use" (PolicyRef) -> PolicyList = routing::use_policy;
        "conversation/policy" (ConversationPolicy) -> () = routing::conversation_policy;
        "audit/list" (AuditQuery) -> AuditList = routing::audit;
        "audit/export" (AuditExport) -> SpendFile = routing::audit_export;
        "rate/list" (()) -> Vec<RateRow> = routing::rates;
        "rate/set" (SetRate) -> Vec<RateRow> = routing::set_rate;
        "local/discover" (()) -> Vec<LocalServer> = providers::discover;
        "local/enable" (EnableLocal) -> Vec<LocalServer> = providers::enable_local;
        "link/open" (Link) -> () = links::open;
    }
    quick {
        "quick/state" (()) -> QuickState = quick::state;
        "quick/ask" (QuickText) -> () = quick::ask;
        "quick/close" (QuickText) -> () = quick::close;
    }
    stream {
        "turn/start" (SendTurn) -> TurnStarted = chat::start;
        "turn/start_anyway" (SendTurn) -> TurnStarted = chat::start_anyway;
        "turn/add_lane" (AddLane) -> TurnView = branches::add_lane;
        "turn/merge" (MergeTurn) -> TurnView = compare::merge;
        "turn/subscribe" (TurnRef) -> TurnView = chat::subscribe;
        "run/continue" (ContinueRun) -> TurnView = routing::go_on;
        "run/retry" (RunRef) -> TurnView = chat::retry;
        "run/send_anyway" (RunRef) -> TurnView = chat::send_anyway;
    }
}

fn read<T: DeserializeOwned>(name: &str, payload: Value) -> Result<T, Failure> {
    serde_json::from_value(payload).map_err(|error| {
        // The text of a serde error quotes field names and types, never the payload's values — except
        // for strings of the wrong kind, so it is kept out of key commands altogether.
        let why = if name.starts_with("key/") { "wrong shape".to_owned() } else { error.to_string() };
        Failure::new(ErrorKind::Bug, format!("The command {name} was called wrongly: {why}."))
    })
}

fn answer<T: serde::Serialize>(value: T) -> Result<Value, Failure> {
    serde_json::to_value(value)
        .map_err(|error| Failure::new(ErrorKind::Bug, format!("An answer could not be written ({error}).")))
}

fn unknown(name: &str) -> Failure {
    let name: String = name.chars().take(60).collect();
    Failure::new(ErrorKind::Bug, format!("There is no command called “{name}”."))
}

/// Primitives have no file of their own.
#[cfg(feature = "ts")]
fn primitive(error: ts_rs::ExportError) -> Result<(), ts_rs::ExportError> {
    match error {
        ts_rs::ExportError::CannotBeExported(_) => Ok(()),
        other => Err(other),
    }
}
