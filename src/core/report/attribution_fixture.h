#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/report/attribution.h"

/// A rollout and failures of it, for tests.
namespace hitless::report {

using load::Cause;
using load::Failure;
using timeline::Event;
using timeline::What;

inline const WallTime kStart = *parseTime("2026-11-21T12:00:00Z");
inline constexpr const char* kWebA = "10.1.1.2";

inline WallTime at(double ms) {
  return kStart + nanoseconds{static_cast<std::int64_t>(ms * 1e6)};
}

inline Event event(double ms, What what, std::string pod, std::string ip = kWebA,
                   std::string node = "node-1", std::uint64_t revision = 0,
                   std::string detail = {}) {
  return {at(ms), what,          std::move(node), std::move(pod),
          {},     std::move(ip), revision,        std::move(detail)};
}

/// web-a: deleted at 100, endpoint gone at 120, SIGTERM 104, exited 106, gone 160; node-2's rules
/// follow at 1020.
inline std::vector<Event> rollout() {
  return {event(-5000, What::kPodReady, "default/web-a"),
          event(50, What::kEndpointsUpdated, "default/web", "", "", 10, kWebA),
          event(100, What::kPodDeleted, "default/web-a"),
          event(104, What::kSigterm, "default/web-a"),
          event(106, What::kContainerExited, "default/web-a", kWebA, "node-1", 0, "exit 0"),
          event(120, What::kEndpointsUpdated, "default/web", "", "", 20, ""),
          event(160, What::kPodGone, "default/web-a"),
          event(1020, What::kRulesCommitted, "", "", "node-2", 21)};
}

inline Facts facts(std::vector<Event> events) {
  ProfileRun run;
  run.clientNode = "node-2";
  run.events = std::move(events);
  return factsOf(run);
}

inline Failure failure(Cause cause, double connect, const char* ip = kWebA) {
  Failure out;
  out.cause = cause;
  out.scheduled = at(connect);
  out.connect = at(connect);
  out.failed = at(connect + 0.2);
  if (ip != nullptr) {
    out.backend = load::Endpoint{*IpAddress::parse(ip), 8080};
  }
  return out;
}

inline Failure onReused(Cause cause, double written, double failed) {
  Failure out = failure(cause, written);
  out.connect.reset();
  out.written = at(written);
  out.failed = at(failed);
  out.reusedConnection = true;
  return out;
}

/// Dialled as an address that a name stood for.
inline Failure byName(Cause cause, double resolved, double connect) {
  Failure out = failure(cause, connect);
  out.destination = out.backend;
  out.resolved = at(resolved);
  return out;
}

inline std::string_view classOf(const Failure& lost, const Facts& known) {
  return info(attribute(lost, known).failureClass).id;
}

}  // namespace hitless::report
