#include "app/proxy/proxy_process.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>

#include "app/proxy/admin_door.h"
#include "app/proxy/handover.h"
#include "base/text.h"
#include "core/proxy/sidecar.h"
#include "sys/process/limits.h"

namespace hitless::app {
namespace {

/// Between looks whether the routes have come, before a predecessor is let go.
constexpr nanoseconds kConfiguredPoll = milliseconds(10);

ProxyHostOptions hostOptions(const ProxyOptions& options, bool edge) {
  ProxyHostOptions host;
  host.workers = options.workers;
  host.edge = edge;
  host.worker.edge = edge;
  host.worker.upstream.priority = edge ? 0 : proxy::sidecar::kPriority;
  if (options.accessLog != "off") {
    host.accessLog = std::make_shared<proxy::AccessLogFormat>(options.accessLog == "json"
                                                                  ? proxy::AccessLogFormat::json()
                                                                  : proxy::AccessLogFormat::text());
  }
  return host;
}

std::string ownName() {
  const char* ns = std::getenv("POD_NAMESPACE");
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return ns == nullptr ? host : fmt::format("{}/{}", ns, host);
}

std::map<std::string, std::string> shown(const ProxyOptions& options,
                                         const proxy::DrainSettings& settings) {
  std::map<std::string, std::string> out{{"drain", text(settings.mode)},
                                         {"workers", std::to_string(options.workers)},
                                         {"access-log", options.accessLog}};
  if (settings.grace) {
    out["grace"] = fmt::format("{}s", settings.grace->count() / 1'000'000'000);
  }
  return out;
}

void sayLedger(const std::vector<WorkerSnapshot>& workers, const proxy::DrainSettings& settings) {
  proxy::Ledger ledger;
  for (const WorkerSnapshot& worker : workers) {
    ledger.merge(worker.ledger);
    for (const proxy::RequestRecord& record : worker.unfinished) {
      ledger.add(record, proxy::Fate::kCut);  // it ends with the process
    }
  }
  const std::string text = renderLedger(ledger, settings);
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) {
      spdlog::info("{}", line);
    }
  }
}

}  // namespace

Status runProxy(const ProxyOptions& options, bool edge,
                const std::function<Result<std::shared_ptr<void>>(ProxyProcess&)>& begin) {
  std::signal(SIGPIPE, SIG_IGN);
  sys::raiseFileLimit();
  const proxy::DrainSettings settings = TRY(drainSettingsOf(options));
  const Door admin = options.admin == "off" ? Door{} : TRY(parseDoor(options.admin));
  boost::asio::io_context io(1);
  const sys::RealClock clock;
  const MonoTime started = clock.mono();
  ProxyHost host(io, clock, hostOptions(options, edge));
  Drainer drainer(io, clock, host, settings, [&] {
    host.ask<WorkerSnapshot>(
        [table = host.table()](sys::Worker& worker, WorkerLog& log) {
          return snapshotOf(worker, log, *table);
        },
        [&](const std::vector<WorkerSnapshot>& workers) {
          sayLedger(workers, settings);
          io.stop();
        });
  });
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  std::function<void()> onSignal = [&] {
    signals.async_wait([&](const boost::system::error_code& error, int) {
      if (!error) {
        onSignal();
        drainer.terminate(options.gated);
      }
    });
  };
  onSignal();
  TRY_VOID(host.start());
  Takeover takeover;
  if (!options.handover.empty()) {
    takeover = TRY(Takeover::from(options.handover));
    host.adopt(takeover.take());
  }
  ProxyProcess process{io, clock, host};
  const std::shared_ptr<void> source = TRY(begin(process));
  Handover handover(io, host, [&] { drainer.handedOver(); });
  const auto succeed = [&]() -> Status {
    TRY_VOID(takeover.confirm());
    return options.handover.empty() ? Status() : handover.listen(options.handover);
  };
  AdminDoor door({io, host, drainer,
                  [&] {
                    ProcessFacts facts;
                    facts.table = host.table();
                    facts.state = drainer.machine().state();
                    facts.settings = settings;
                    if (const auto deadline = drainer.machine().deadline()) {
                      facts.untilDeadline = *deadline - clock.mono();
                    }
                    facts.ready = process.configured() && drainer.ready();
                    facts.edge = edge;
                    facts.uptime = clock.mono() - started;
                    facts.workers = options.workers;
                    facts.name = ownName();
                    facts.options = shown(options, settings);
                    return facts;
                  }},
                 admin, options.statusPort);
  door.open();
  boost::asio::steady_timer configured(io);
  Status succeeded;
  std::function<void()> whenConfigured = [&] {
    if (process.configured()) {
      succeeded = succeed();
      if (!succeeded) {
        io.stop();
      }
      return;
    }
    configured.expires_after(kConfiguredPoll);
    configured.async_wait([&](const boost::system::error_code& error) {
      if (!error) {
        whenConfigured();
      }
    });
  };
  whenConfigured();
  io.run();
  host.stop();
  return succeeded;
}

}  // namespace hitless::app
