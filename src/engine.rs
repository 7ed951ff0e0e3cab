//! [`NativeEngine`]: the class that JavaScript sees. One line per method, where one is enough.

use std::sync::Arc;

use execution_engine::{Call, EngineBuilder, EngineError, ExecutionEngine, ExecutionFilter, RecoverOptions};
use napi::bindgen_prelude::{
    Buffer, Either, Either3, Env, Function, Null, Result, within_runtime_if_available,
};
use napi_derive::napi;
use uuid::Uuid;
#[cfg(target_os = "linux")]
use {crate::event_loop::FastPath, execution_engine::HostLoop, fragile::Fragile};

use crate::bridge::{EventBridge, Listener, NativeBatch, Subscriptions};
use crate::config;
use crate::environment;
use crate::failure::{NativeFailure, answer};
use crate::host_environment::{NativeEnvironment, host_environment};
use crate::logs::{NativeLogFollower, NativeLogInfo, log_position};
use crate::records::{NativeCleanupReport, NativeLogPage, NativeMetrics, NativeRecovered};
use crate::request::{self, named, parse_id};
use crate::result::{NativeResult, NativeSummary};

/// A new UUID v7.
#[napi(catch_unwind)]
#[must_use]
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// The engine, for JavaScript.
#[napi]
pub struct NativeEngine {
    engine: ExecutionEngine,
    /// The configuration in force, as JSON.
    config: String,
    bridge: Arc<EventBridge>,
    subscriptions: Subscriptions,
    /// `None` if the program's event loop cannot be shared.
    #[cfg(target_os = "linux")]
    fast_path: Option<Fragile<FastPath>>,
}

#[napi]
impl NativeEngine {
    /// Makes an engine from a configuration, as JSON. It sends its events to `on_batch`, most rows in
    /// `table`. `shares_loop`: the program's event loop is libuv's, and may be shared. `environment`: as for
    /// `execute`.
    #[napi(catch_unwind)]
    pub fn create(
        env: Env,
        config: String,
        shares_loop: bool,
        environment: Option<&NativeEnvironment>,
        table: Buffer,
        #[napi(
            ts_arg_type = "(text: string, count: number, ownRows: Float64Array | null, events: NativeEvent[] | null, \
                isOwnRead: boolean, delayMs: number) => void"
        )]
        on_batch: Function<NativeBatch, ()>,
    ) -> Result<Either<NativeFailure, NativeEngine>> {
        let read = config::from_json(&config).and_then(|config| config.validate().map(|()| config));
        let config = match read {
            Ok(config) => config,
            Err(error) => return Ok(Either::A(error.into())),
        };
        let shown = config::to_json(&config);
        let builder = ExecutionEngine::builder(config).host_environment(host_environment(environment));
        let bridge = EventBridge::new(table, &on_batch)?;
        #[cfg(target_os = "linux")]
        let (builder, fast_path) = share_loop(&env, builder, &bridge, &on_batch, shares_loop);
        let engine = match within_runtime_if_available(|| builder.build()) {
            Ok(engine) => engine,
            Err(error) => return Ok(Either::A(error.into())),
        };
        environment::end_with(&env, &bridge, engine.abort_handle())?;
        Ok(Either::B(Self {
            engine,
            config: shown,
            bridge,
            subscriptions: Subscriptions::default(),
            #[cfg(target_os = "linux")]
            fast_path,
        }))
    }

    /// The configuration in force, as JSON, without its secrets.
    #[napi(catch_unwind)]
    pub fn config(&self) -> &str {
        &self.config
    }

    /// Accepts a request, as JSON, with the bytes of its standard input; returns its id. `number` identifies
    /// it in batches. Sends all its events until `stop_lines`, and its end always. A request that is already
    /// cancelled emits events, but is never spawned. `environment`: what JavaScript has read, if this thread
    /// must not read the process's own.
    #[napi(catch_unwind)]
    pub fn execute(
        &self,
        request: String,
        stdin: Option<Buffer>,
        number: u32,
        is_cancelled: bool,
        environment: Option<&NativeEnvironment>,
    ) -> Either<NativeFailure, String> {
        let stdin = stdin.map(|bytes| bytes.to_vec());
        let accepted = self.accept(&request, stdin, number, is_cancelled, environment);
        answer(accepted.map(|id| id.to_string()))
    }

    fn accept(
        &self,
        request: &str,
        stdin: Option<Vec<u8>>,
        number: u32,
        is_cancelled: bool,
        environment: Option<&NativeEnvironment>,
    ) -> std::result::Result<Uuid, EngineError> {
        let request = request::request(request, stdin)?;
        let listener = Listener::new(number, self.subscriptions.add(number), Arc::clone(&self.bridge));
        let call =
            Call { environment: request.inherits().then(|| host_environment(environment)), is_cancelled };
        self.engine.execute_call(request, Arc::new(listener), call)
    }

    /// Where an execution is in its life.
    #[napi(
        catch_unwind,
        ts_return_type = "NativeFailure | 'pending' | 'running' | 'completed' | 'failed' | 'cancelled' | \
            'timeout' | 'interrupted'"
    )]
    pub fn get_status(&self, id: String) -> Either<NativeFailure, String> {
        answer(with_id(&id, |id| self.engine.get_status(id)).map(|status| status.as_str().to_owned()))
    }

    /// The result; `null` while the execution is live.
    #[napi(catch_unwind)]
    pub fn get_result(&self, id: String) -> Either3<NativeFailure, NativeResult, Null> {
        match with_id(&id, |id| self.engine.get_result(id)) {
            Ok(Some(result)) => Either3::B((&result).into()),
            Ok(None) => Either3::C(Null),
            Err(error) => Either3::A(error.into()),
        }
    }

    /// Everything about an execution but its output.
    #[napi(catch_unwind)]
    pub fn get_summary(&self, id: String) -> Either<NativeFailure, NativeSummary> {
        answer(with_id(&id, |id| self.engine.get_summary(id)).map(|summary| (&summary).into()))
    }

    /// The executions that are live or retained.
    #[napi(catch_unwind)]
    pub fn list_executions(&self, status: Option<String>) -> Either<NativeFailure, Vec<NativeSummary>> {
        let filter = named("status", status).map_err(EngineError::InvalidRequest);
        let all = ExecutionFilter::default();
        let filter = filter.map(|status| status.map_or(all, |status| all.status(status)));
        let list = |filter| self.engine.list_executions(filter).iter().map(NativeSummary::from).collect();
        answer(filter.map(list))
    }

    /// Stops an execution, by force without a graceful signal; true if it was still live.
    #[napi(catch_unwind)]
    pub fn cancel(&self, id: String, force: bool) -> Either<NativeFailure, bool> {
        answer(with_id(&id, |id| if force { self.engine.kill(id) } else { self.engine.cancel(id) }))
    }

    /// Resolves when the execution has ended and JavaScript has seen its end.
    #[napi]
    pub async fn wait_for_completion(&self, id: String) -> Result<Either<NativeFailure, NativeResult>> {
        let engine = self.engine.clone();
        let result = with_id_async(&id, |id| engine.wait_for_completion(id)).await;
        Ok(answer(result.map(|result| (&result).into())))
    }

    /// Writes to the standard input; resolves when the child's pipe has taken it.
    #[napi]
    pub async fn write_stdin(&self, id: String, bytes: Buffer) -> Result<Either<NativeFailure, Null>> {
        let (engine, bytes) = (self.engine.clone(), bytes.to_vec());
        Ok(done(with_id_async(&id, |id| engine.write_stdin(id, bytes)).await))
    }

    /// Ends the standard input.
    #[napi]
    pub async fn close_stdin(&self, id: String) -> Result<Either<NativeFailure, Null>> {
        let engine = self.engine.clone();
        Ok(done(with_id_async(&id, |id| engine.close_stdin(id)).await))
    }

    /// The whole log as text.
    #[napi]
    pub async fn read_logs(&self, id: String) -> Result<Either<NativeFailure, String>> {
        let engine = self.engine.clone();
        Ok(answer(with_id_async(&id, |id| engine.read_logs(id)).await))
    }

    /// At most `max` records of a log, from a position on.
    #[napi]
    pub async fn read_log_records(
        &self,
        id: String,
        from: String,
        max: u32,
    ) -> Result<Either<NativeFailure, NativeLogPage>> {
        let engine = self.engine.clone();
        let read = async |id| engine.read_log_records(id, log_position(&from)?, max as usize).await;
        Ok(answer(with_id_async(&id, read).await.map(NativeLogPage::from)))
    }

    /// Follows a log to its end.
    #[napi(catch_unwind)]
    pub fn follow_log(&self, id: String) -> Either<NativeFailure, NativeLogFollower> {
        answer(with_id(&id, |id| Ok(NativeLogFollower::new(self.engine.clone(), id))))
    }

    /// The logs in the log folder, oldest first.
    #[napi]
    pub async fn list_logs(&self) -> Result<Either<NativeFailure, Vec<NativeLogInfo>>> {
        let engine = self.engine.clone();
        let logs = engine.list_logs().await;
        Ok(answer(logs.map(|all| all.into_iter().map(NativeLogInfo::from).collect())))
    }

    /// Removes what is beyond its retention, from memory and from disk.
    #[napi]
    pub async fn cleanup(&self) -> Result<NativeCleanupReport> {
        let engine = self.engine.clone();
        Ok(engine.cleanup_old_executions().await.into())
    }

    /// Finds what earlier programs left in the log folder when they died.
    #[napi]
    pub async fn recover(&self, stop_survivors: bool) -> Result<Either<NativeFailure, Vec<NativeRecovered>>> {
        let engine = self.engine.clone();
        let recovered = engine.recover(RecoverOptions::default().stop_survivors(stop_survivors)).await;
        Ok(answer(recovered.map(|all| all.into_iter().map(NativeRecovered::from).collect())))
    }

    /// Stops everything; resolves when all executions have ended.
    #[napi]
    pub async fn shutdown(&self) -> Result<()> {
        let engine = self.engine.clone();
        engine.shutdown().await;
        Ok(())
    }

    /// For the moment before the process exits: kills what runs, and blocks until it is gone.
    #[napi(catch_unwind)]
    pub fn abort_now(&self) {
        self.bridge.close();
        self.engine.abort_now();
    }

    /// How busy the engine is.
    #[napi(catch_unwind)]
    pub fn metrics(&self) -> NativeMetrics {
        self.engine.metrics().into()
    }

    /// Holds an execution's lines back, or releases them.
    #[napi(catch_unwind)]
    pub fn set_paused(&self, number: u32, paused: bool) {
        self.subscriptions.pause(number, paused);
    }

    /// Drops an execution's further lines: none are wanted any more.
    #[napi(catch_unwind)]
    pub fn stop_lines(&self, number: u32) {
        self.subscriptions.cancel(number);
    }

    /// Sends an execution's start, even if its lines are not wanted. One that has started sends no more.
    #[napi(catch_unwind)]
    pub fn want_start(&self, number: u32) {
        self.subscriptions.want_start(number);
    }

    /// JavaScript is done with the last batch: the next may be sent.
    #[napi(catch_unwind)]
    pub fn acknowledge(&self, env: Env) {
        #[cfg(target_os = "linux")]
        if let Some(fast_path) = &self.fast_path {
            return fast_path.get().acknowledge(&env);
        }
        self.bridge.acknowledge();
    }

    /// The pause after a batch read by the event loop is over: the next may be sent.
    #[napi(catch_unwind)]
    pub fn read_again(&self, env: Env) {
        #[cfg(target_os = "linux")]
        if let Some(fast_path) = &self.fast_path {
            fast_path.get().read_again(&env);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = env;
    }

    /// Whether the bridge to JavaScript keeps the process alive. Initially it does not.
    #[napi(catch_unwind)]
    pub fn set_keep_alive(&self, env: Env, alive: bool) -> Result<()> {
        self.bridge.keep_alive(&env, alive)
    }
}

/// Whether a few lines may be read in JavaScript's own thread.
#[cfg(target_os = "linux")]
fn share_loop(
    env: &Env,
    builder: EngineBuilder,
    bridge: &Arc<EventBridge>,
    on_batch: &Function<NativeBatch, ()>,
    shares_loop: bool,
) -> (EngineBuilder, Option<Fragile<FastPath>>) {
    let open = || -> Result<_> {
        let host_loop = HostLoop::new()?;
        Ok((FastPath::new(env, host_loop.clone(), Arc::clone(bridge), on_batch.create_ref()?)?, host_loop))
    };
    match shares_loop.then(open) {
        Some(Ok((fast_path, host_loop))) => (builder.host_loop(&host_loop), Some(Fragile::new(fast_path))),
        // Without it, the runtime's threads read everything.
        Some(Err(_)) | None => (builder, None),
    }
}

fn parse(id: &str) -> std::result::Result<Uuid, EngineError> {
    parse_id(id).map_err(EngineError::InvalidRequest)
}

fn with_id<T>(
    id: &str,
    then: impl FnOnce(Uuid) -> std::result::Result<T, EngineError>,
) -> std::result::Result<T, EngineError> {
    parse(id).and_then(then)
}

async fn with_id_async<T, Answer: Future<Output = std::result::Result<T, EngineError>>>(
    id: &str,
    then: impl FnOnce(Uuid) -> Answer,
) -> std::result::Result<T, EngineError> {
    then(parse(id)?).await
}

fn done(result: std::result::Result<(), EngineError>) -> Either<NativeFailure, Null> {
    match result {
        Ok(()) => Either::B(Null),
        Err(error) => Either::A(error.into()),
    }
}
