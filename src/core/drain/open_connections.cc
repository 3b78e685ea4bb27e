#include "core/drain/open_connections.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::drain {
namespace {

constexpr std::size_t kShownClients = 3;

/// From the first answer until both sides have said that they are done. After a FIN of one side the
/// other may still send: a client that has closed its half waits for its answer.
bool open(std::optional<conntrack::TcpState> state) {
  using State = conntrack::TcpState;
  return state == State::kSynRecv || state == State::kEstablished || state == State::kFinWait ||
         state == State::kCloseWait;
}

}  // namespace

bool quietWishIsKnown(std::string_view value) {
  return value == "true" || value == "false" || parseDuration(value);
}

std::optional<nanoseconds> quietWish(const kube::Pod& pod) {
  const auto annotation = pod.meta.annotations.find(kQuietAnnotation);
  if (annotation == pod.meta.annotations.end()) {
    return std::nullopt;
  }
  return annotation->second == "true" ? nanoseconds::max() : parseDuration(annotation->second);
}

std::size_t OpenConnections::count() const {
  std::size_t sum = 0;
  for (const auto& [client, connections] : clients) {
    sum += connections;
  }
  return sum;
}

std::string OpenConnections::text() const {
  std::vector<std::pair<std::size_t, std::string_view>> most;
  for (const auto& [client, connections] : clients) {
    most.emplace_back(connections, client);
  }
  std::stable_sort(most.begin(), most.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> parts;
  std::size_t rest = count();
  for (std::size_t i = 0; i < std::min(most.size(), kShownClients); ++i) {
    parts.push_back(fmt::format("{} from {}", most[i].first, most[i].second));
    rest -= most[i].first;
  }
  if (rest > 0) {
    parts.push_back(fmt::format("{} from others", rest));
  }
  return fmt::format("{} left: {}",
                     count() == 1 ? "1 connection is" : fmt::format("{} connections are", count()),
                     join(parts, ", "));
}

OpenConnections openTo(const std::vector<conntrack::Flow>& flows, const IpAddress& pod) {
  OpenConnections result;
  for (const conntrack::Flow& flow : flows) {
    if (flow.original.protocol == conntrack::kTcp && flow.reply.source == pod &&
        open(flow.tcpState)) {
      ++result.clients[flow.original.source.text()];
    }
  }
  return result;
}

}  // namespace hitless::drain
