#include "sys/load/channel_engine.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <deque>

#include "core/load/channel/channel_load.h"
#include "core/load/schedule.h"
#include "sys/load/name_client.h"
#include "sys/load/resolve.h"

namespace hitless::sys {
namespace {

constexpr nanoseconds kRefresh = milliseconds{100};

/// Sockets, time and names for a ChannelLoad.
class ChannelEngine : private load::Wire {
 public:
  ChannelEngine(const LoadRun& run, load::NameServers servers, Poller poller, const Clock& clock,
                Rng& rng, load::BackendLookup& lookup)
      : spec_(run.spec),
        poller_(std::move(poller)),
        clock_(clock),
        lookup_(lookup),
        schedule_(run.spec, rng),
        now_(clock.mono()),
        started_(startTime(run, clock)),
        recorder_(run.spec, started_, clock.wall() + (started_ - now_)),
        names_(std::move(servers), rng, poller_),
        load_(run.spec, rng, *this, recorder_, lookup) {}

  load::LoadResult run();

 private:
  struct Socket {
    Fd fd;
    std::uint32_t generation = 0;
    bool connecting = false;
    load::Endpoint source;
  };
  struct Failed {
    load::ConnectionId id;
    load::Symptom symptom;
  };

  void connect(load::ConnectionId id, const load::Endpoint& destination) override;
  void write(load::ConnectionId id) override;
  void close(load::ConnectionId id) override { sockets_[id.index].fd.reset(); }
  void resolve(std::size_t channel, const std::string& host) override {
    names_.start(channel, host, now_);
  }

  void onEvent(const epoll_event& event);
  void onConnecting(load::ConnectionId id, std::uint32_t events);
  void read(load::ConnectionId id);
  bool current(load::ConnectionId id) const {
    return id.index < sockets_.size() && sockets_[id.index].generation == id.generation &&
           sockets_[id.index].fd.get() >= 0;
  }
  void takeNames();
  void sendDue();
  void settle();
  std::optional<MonoTime> nextDeadline() const;
  bool finished() const {
    return !schedule_.peek() && load_.outstanding() == 0 && waiting_.empty();
  }

  const load::LoadSpec& spec_;
  Poller poller_;
  const Clock& clock_;
  load::BackendLookup& lookup_;
  load::Schedule schedule_;
  MonoTime now_;
  MonoTime started_;
  MonoTime refreshed_{};
  load::Recorder recorder_;
  NameClient names_;
  load::ChannelLoad load_;
  std::deque<Socket> sockets_;    ///< By the connection's index.
  std::vector<Failed> failed_;    ///< Found broken while the load was calling.
  std::deque<MonoTime> waiting_;  ///< Due, held back by the cap.
};

load::LoadResult ChannelEngine::run() {
  while (!finished()) {
    for (const epoll_event& event : poller_.wait(nextDeadline())) {
      now_ = clock_.mono();
      onEvent(event);
    }
    now_ = clock_.mono();
    names_.tick(now_);
    takeNames();
    load_.tick(now_);
    sendDue();
    settle();
    if (now_ - refreshed_ > kRefresh) {
      refreshed_ = now_;
      lookup_.refresh();
    }
  }
  load_.finish(now_);
  return std::move(recorder_).finish(schedule_.taken(), now_, lookup_.description());
}

void ChannelEngine::sendDue() {
  while (schedule_.peek() && started_ + *schedule_.peek() <= now_) {
    waiting_.push_back(started_ + *schedule_.peek());
    schedule_.take();
    if (load_.outstanding() + waiting_.size() > spec_.maxOutstanding) {
      recorder_.capHit();
    }
    while (!waiting_.empty() && load_.outstanding() < spec_.maxOutstanding) {
      load_.start(waiting_.front(), now_);
      waiting_.pop_front();
    }
  }
  while (!waiting_.empty() && load_.outstanding() < spec_.maxOutstanding) {
    load_.start(waiting_.front(), now_);
    waiting_.pop_front();
  }
}

void ChannelEngine::takeNames() {
  for (const NameClient::Answer& answer : names_.take()) {
    if (answer.addresses.empty()) {
      load_.onNotResolved(answer.asker, answer.error, now_);
    } else {
      load_.onResolved(answer.asker, answer.addresses, now_);
    }
  }
}

void ChannelEngine::settle() {
  load_.settle(now_);
  while (!failed_.empty()) {
    for (const Failed& failed : std::exchange(failed_, {})) {
      load_.onClosed(failed.id, failed.symptom, now_);
    }
    load_.settle(now_);
  }
}

std::optional<MonoTime> ChannelEngine::nextDeadline() const {
  std::optional<MonoTime> next = load_.deadline();
  const auto consider = [&next](std::optional<MonoTime> time) {
    next = time ? std::min(next.value_or(*time), *time) : next;
  };
  consider(names_.deadline());
  if (schedule_.peek()) {
    consider(started_ + *schedule_.peek());
  }
  return next;
}

// --- sockets -------------------------------------------------------------------------------------

void ChannelEngine::connect(load::ConnectionId id, const load::Endpoint& destination) {
  while (sockets_.size() <= id.index) {
    sockets_.emplace_back();
  }
  ConnectAttempt attempt = startConnect(destination);
  Socket& socket = sockets_[id.index];
  socket.fd = std::move(attempt.fd);
  socket.generation = id.generation;
  socket.connecting = true;
  socket.source = attempt.source;
  if (attempt.error != 0) {
    failed_.push_back({id, {load::Phase::kConnecting, attempt.error}});
    return;
  }
  const std::uint64_t tag = (std::uint64_t{id.generation} << 32) | id.index;
  if (const Status added = poller_.add(socket.fd.get(), tag); !added) {
    failed_.push_back({id, {load::Phase::kConnecting, added.error().osError}});
  }
}

void ChannelEngine::write(load::ConnectionId id) {
  if (!current(id) || sockets_[id.index].connecting) {
    return;
  }
  for (auto bytes = load_.output(id); !bytes.empty(); bytes = load_.output(id)) {
    const ssize_t count =
        send(sockets_[id.index].fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      load_.wrote(id, static_cast<std::size_t>(count), now_);
    } else if (errno != EINTR) {
      if (errno != EAGAIN) {
        failed_.push_back({id, {load::Phase::kWriting, errno}});
      }
      return;
    }
  }
}

void ChannelEngine::onEvent(const epoll_event& event) {
  const std::uint64_t tag = event.data.u64;
  if (tag == Poller::kTimer) {
    return;
  }
  if (tag == kStopTag) {
    return schedule_.stop();
  }
  if ((tag & NameClient::kTag) != 0) {
    return names_.onReadable(tag, now_);
  }
  const load::ConnectionId id{static_cast<std::uint32_t>(tag),
                              static_cast<std::uint32_t>(tag >> 32)};
  if (!current(id)) {
    return;  // of a connection closed earlier
  }
  if (sockets_[id.index].connecting) {
    return onConnecting(id, event.events);
  }
  if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    read(id);
  }
  if ((event.events & EPOLLOUT) != 0) {
    write(id);  // both may be reported once and together
  }
}

void ChannelEngine::onConnecting(load::ConnectionId id, std::uint32_t events) {
  Socket& socket = sockets_[id.index];
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    const SocketError error = takeError(socket.fd.get());
    if (error.error != 0) {
      load_.onConnected(id, socket.source, now_);
      return load_.onClosed(id, {load::Phase::kConnecting, error.error, false, error.icmp}, now_);
    }
  }
  if ((events & EPOLLOUT) == 0) {
    return;
  }
  socket.connecting = false;
  load_.onConnected(id, socket.source, now_);
  // Edges that came together with the connection are not reported again.
  if ((events & EPOLLIN) != 0) {
    read(id);
  }
}

void ChannelEngine::read(load::ConnectionId id) {
  static thread_local char buffer[64 * 1024];
  while (true) {
    const ssize_t count = recv(sockets_[id.index].fd.get(), buffer, sizeof buffer, 0);
    if (count > 0) {
      load_.onBytes(id, {buffer, static_cast<std::size_t>(count)}, now_);
    } else if (count == 0) {
      return load_.onClosed(id, {load::Phase::kAwaitingResponse}, now_);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      return load_.onClosed(id, {load::Phase::kAwaitingResponse, errno}, now_);
    }
  }
}

/// With resolve=system each host is looked up once, before the load begins.
Result<LoadRun> withNames(LoadRun run) {
  if (run.spec.resolution == load::Resolution::kSystem) {
    for (const load::HostPort& host : load::hostsOf(run.spec)) {
      run.spec.names[host.host] = TRY(resolveHost(host.host, run.spec.names));
    }
  }
  return run;
}

}  // namespace

Result<load::LoadResult> runChannelLoad(const LoadRun& asked, const Clock& clock, Rng& rng,
                                        load::BackendLookup& lookup) {
  const LoadRun run = TRY(withNames(asked));
  Poller poller = TRY(Poller::open());
  if (run.stopFd >= 0) {
    TRY_VOID(poller.addReadable(run.stopFd, kStopTag));
  }
  return ChannelEngine(run, readNameServers(run.spec.nameserver), std::move(poller), clock, rng,
                       lookup)
      .run();
}

}  // namespace hitless::sys
