#include "app/proxy/worker_log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace hitless::app {
namespace {

/// What waits for a reader that is behind; more is thrown away, because requests matter more.
constexpr std::size_t kMostWaiting = 1024 * 1024;
/// A pipe takes so much at once if it says that it takes anything (POSIX PIPE_BUF).
constexpr std::size_t kPiece = 4096;

bool writable(int fd) {
  pollfd poll{fd, POLLOUT, 0};
  return ::poll(&poll, 1, 0) == 1 && (poll.revents & POLLOUT) != 0;
}

/// Ended by us: at the end of the grace period, or for want of it.
proxy::Fate fateOf(const proxy::RequestRecord& record) {
  if (proxy::has(record.flags, proxy::Flag::kLocalReset)) {
    return proxy::Fate::kCut;
  }
  return record.replays.empty() ? proxy::Fate::kCompleted : proxy::Fate::kMoved;
}

}  // namespace

void WorkerLog::setListener(const proxy::Listener& listener, proxy::Direction direction) {
  scopes_[listener.name] = &stats_.listener(listener, direction);
}

proxy::ListenerScope* WorkerLog::scope(const std::string& listener) {
  const auto found = scopes_.find(listener);
  return found == scopes_.end() ? nullptr : found->second;
}

void WorkerLog::accepted(const std::string& listener) {
  if (proxy::ListenerScope* const to = scope(listener)) {
    stats_.accepted(*to);
  }
}

void WorkerLog::speaks(const std::string& listener, proxy::HttpVersion version) {
  if (proxy::ListenerScope* const to = scope(listener)) {
    stats_.speaks(*to, version);
  }
}

void WorkerLog::closed(const std::string& listener, const proxy::WorkerStats::DownstreamEnd& end) {
  if (proxy::ListenerScope* const to = scope(listener)) {
    stats_.closed(*to, end);
  }
}

void WorkerLog::requestBegan(const std::string& listener, proxy::HttpVersion version) {
  if (proxy::ListenerScope* const to = scope(listener)) {
    stats_.requestBegan(*to, version);
  }
}

void WorkerLog::upgraded(const std::string& listener) {
  if (proxy::ListenerScope* const to = scope(listener)) {
    stats_.upgraded(*to);
  }
}

void WorkerLog::requestOver(const proxy::RequestRecord& record) {
  if (proxy::ListenerScope* const to = scope(record.listener)) {
    stats_.requestEnded(*to, record);
    if (record.status == 101) {
      stats_.upgradeEnded(*to);
    }
  }
  if (!record.method.empty()) {
    recent_.add(loop_.now(), record.duration);
  }
  if (draining_) {
    const proxy::Fate fate = fateOf(record);
    ledger_.add(record, fate);
    stats_.drained(fate);
  }
  writeLine(record);
}

void WorkerLog::writeLine(const proxy::RequestRecord& record) {
  if (format_ == nullptr) {
    return;
  }
  if (lines_.size() > kMostWaiting) {
    ++dropped_;
    return;
  }
  format_->append(lines_, record);
  if (!std::exchange(writing_, true)) {
    loop_.defer([this] { write(); });
  }
}

void WorkerLog::connecting(const std::string& cluster) {
  stats_.connecting(stats_.cluster(cluster));
}

void WorkerLog::connected(const std::string& cluster, proxy::HttpVersion version,
                          nanoseconds took) {
  stats_.connected(stats_.cluster(cluster), version, took);
}

void WorkerLog::connectFailed(const std::string& cluster, bool timeout) {
  stats_.connectFailed(stats_.cluster(cluster), timeout);
}

void WorkerLog::disconnected(const std::string& cluster, bool byPeer, std::size_t activeCalls) {
  stats_.disconnected(stats_.cluster(cluster), byPeer, activeCalls);
}

void WorkerLog::tryBegan(const std::string& cluster) {
  stats_.tryBegan(stats_.cluster(cluster));
}

void WorkerLog::tryEnded(const std::string& cluster, bool timedOut) {
  stats_.tryEnded(stats_.cluster(cluster), timedOut);
}

void WorkerLog::write() {
  writing_ = false;
  std::string_view rest = lines_;
  while (!rest.empty() && writable(STDOUT_FILENO)) {
    const ssize_t count = ::write(STDOUT_FILENO, rest.data(), std::min(rest.size(), kPiece));
    if (count <= 0) {
      break;
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  lines_.erase(0, lines_.size() - rest.size());
}

}  // namespace hitless::app
