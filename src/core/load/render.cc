#include "core/load/render.h"

#include <fmt/format.h>

namespace hitless::load {
namespace {

std::string row(std::string_view label, std::string_view value) {
  return fmt::format("  {:<34}{:>12}\n", label, value);
}

std::string causeRows(const FailureList& list) {
  std::string out;
  for (const auto& [cause, count] : list.counts) {
    out += row(fmt::format("  {}", info(cause).title), countText(count));
  }
  return out;
}

/// How the load is made, after its rate.
std::string manner(const LoadSpec& spec) {
  if (spec.protocol == Protocol::kHttp1) {
    return spec.mode == Mode::kKeepAlive ? "connections kept alive" : "a new connection for each";
  }
  const std::string clients =
      spec.connections == 1 ? "one client" : countText(spec.connections) + " clients";
  return spec.protocol == Protocol::kGrpc ? fmt::format("{}, {}", clients, name(spec.balancing))
                                          : clients;
}

std::string reconnectRows(const ReconnectList& reconnects) {
  return row("times that a channel was lost", countText(reconnects.count)) +
         (reconnects.count == 0
              ? ""
              : row("longest until it was back", durationText(reconnects.longest)));
}

std::string latencyRows(const Histogram& latency) {
  std::string out;
  for (const auto& [label, percent] : {std::pair{"latency p50", 50.0},
                                       {"        p90", 90.0},
                                       {"        p99", 99.0},
                                       {"        p99.9", 99.9},
                                       {"        max", 100.0}}) {
    out += row(label, latency.count() == 0 ? "-" : durationText(latency.percentile(percent)));
  }
  return out;
}

std::string warnings(const LoadResult& result) {
  std::string out;
  if (result.outstandingCapHits > 0) {
    out += fmt::format("\n  {} requests had to wait because {} were in flight (max-outstanding).\n",
                       countText(result.outstandingCapHits), countText(result.spec.maxOutstanding));
  }
  if (result.sendDelay.percentile(99) > milliseconds{5}) {
    out += fmt::format(
        "\n  The generator itself was late: 1 % of the requests left {} or more after they were\n"
        "  due. This machine has too little CPU for the rate.\n",
        durationText(result.sendDelay.percentile(99)));
  }
  return out;
}

}  // namespace

std::string durationText(nanoseconds duration) {
  const double ms = static_cast<double>(duration.count()) / 1e6;
  if (ms >= 999.5) {
    return fmt::format("{:.2f} s", ms / 1000);
  }
  const int decimals = ms < 9.995 ? 2 : (ms < 99.95 ? 1 : 0);
  return fmt::format("{:.{}f} ms", ms, decimals);
}

std::string countText(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) {
    text.insert(at - 3, ",");
  }
  return text;
}

std::string renderTable(const LoadResult& result) {
  const LoadSpec& spec = result.spec;
  const std::string method = spec.protocol == Protocol::kGrpc ? "RPCs to" : spec.method;
  std::string out =
      fmt::format("{} {} at {:g}/s, {}\n\n", method, spec.url, spec.rate, manner(spec));
  out += row("sent", countText(result.sent));
  out += row("succeeded", countText(result.succeeded));
  out += row("failed", countText(result.failed));
  out += causeRows(result.failures);
  out += row(spec.protocol == Protocol::kHttp1 ? "retried on a new connection" : "sent again",
             countText(result.retried));
  out += causeRows(result.retries);
  out += latencyRows(result.latency);
  out += row("longest time without a success", durationText(result.gap));
  out += row("connections opened", countText(result.connectionsOpened));
  if (spec.protocol != Protocol::kHttp1) {
    out += reconnectRows(result.reconnects);
  }
  return out + warnings(result);
}

}  // namespace hitless::load
