#pragma once

#include <deque>
#include <string>

#include "core/load/recorder.h"
#include "core/load/schedule.h"
#include "sys/load/engine.h"
#include "sys/load/name_client.h"
#include "sys/load/pool.h"
#include "sys/load/witness.h"

struct epoll_event;

namespace hitless::sys {

/// A load by HTTP/1.1, each request alone on its connection.
class Http1Engine {
 public:
  Http1Engine(const LoadRun& run, Poller poller, const Clock& clock, Rng& rng,
              load::BackendLookup& lookup)
      : spec_(run.spec),
        destination_(run.destination),
        request_(load::requestBytes(run.spec)),
        poller_(std::move(poller)),
        clock_(clock),
        lookup_(lookup),
        schedule_(run.spec, rng),
        now_(clock.mono()),
        started_(startTime(run, clock)),
        recorder_(run.spec, started_, clock.wall() + (started_ - now_)),
        asks_(load::asksNameServer(run.spec, run.spec.host)),
        names_(asks_ ? readNameServers(run.spec.nameserver) : load::NameServers{}, rng, poller_),
        witness_(request_.size(), lookup) {}

  load::LoadResult run();

 private:
  /// Something that is due for a channel unless the channel has moved on.
  struct Deadline {
    MonoTime time;
    std::uint32_t channel;
    std::uint64_t serial;
  };

  void sendDue();
  void dispatch(Exchange exchange);
  void dispatchWaiting();
  void open(Exchange exchange);
  void connect(std::uint32_t index, const load::Endpoint& destination);
  void takeNames();
  void reuse(std::uint32_t index, Exchange exchange);

  void onEvent(const epoll_event& event);
  void onConnecting(std::uint32_t index, std::uint32_t events);
  void write(std::uint32_t index);
  void read(std::uint32_t index);
  void onBytes(std::uint32_t index, std::string_view bytes);
  void onClosed(std::uint32_t index, int error);

  void finish(std::uint32_t index, bool clean);
  void fail(std::uint32_t index, const load::Symptom& symptom);
  void lose(std::uint32_t index, const load::Failure& failure);
  void expire();

  std::optional<MonoTime> nextDeadline() const;
  bool finished() const { return !schedule_.peek() && outstanding_ == 0 && waiting_.empty(); }
  bool stale(const Deadline& deadline) const {
    return pool_[deadline.channel].exchange.serial != deadline.serial ||
           pool_[deadline.channel].state == PooledConnection::State::kUnused ||
           pool_[deadline.channel].state == PooledConnection::State::kIdle;
  }

  const load::LoadSpec& spec_;
  const load::Endpoint destination_;
  const std::string request_;
  Poller poller_;
  const Clock& clock_;
  load::BackendLookup& lookup_;
  load::Schedule schedule_;
  MonoTime now_;
  MonoTime started_;
  MonoTime refreshed_{};
  load::Recorder recorder_;

  const bool asks_;  ///< The host's address, before each new connection.
  NameClient names_;
  Witness witness_;
  Pool pool_;
  std::deque<Deadline> timeouts_;  ///< All have the same length, so they are in order.
  std::deque<Deadline> lingering_;
  std::deque<Exchange> waiting_;  ///< Due, held back by the cap.
  std::size_t outstanding_ = 0;
  std::uint64_t serials_ = 0;
};

}  // namespace hitless::sys
