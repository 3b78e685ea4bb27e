#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/load/channel/channel.h"
#include "testing/fake_rng.h"

namespace hitless::load {

inline constexpr MonoTime kStart{seconds{1000}};

inline Endpoint endpoint(const char* ip) {
  return {*IpAddress::parse(ip), 8080};
}
inline const Endpoint kA = endpoint("10.0.0.1");
inline const Endpoint kB = endpoint("10.0.0.2");

inline double inSeconds(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

/// What happens to a SYN.
enum class Answer { kAccept, kRefuse, kNothing };

/// A network and a name server in virtual time, both of which answer after a millisecond, and a
/// client that does one RPC after the other with a tenth of a second between them and a deadline of
/// one second for each: how the cases of grpc's own client were measured.
class Simulation : public Channel::Link {
 public:
  std::function<Answer(const Endpoint&, double)> network = [](auto&&...) {
    return Answer::kAccept;
  };
  std::function<std::vector<Endpoint>(double)> names = [](double) { return std::vector{kA}; };
  ChannelOptions options;

  void open() { channel_.emplace(0, options, rng_, *this); }
  Channel& channel() { return *channel_; }

  /// Lets time pass; its zero is the first call with a time of 0 or later.
  void until(double end) {
    while (true) {
      const auto next = nextEvent();
      if (!next || *next > at(end)) {
        now_ = std::max(now_, at(end));
        return;
      }
      now_ = std::max(now_, *next);
      step();
    }
  }
  double now() const { return inSeconds(now_ - kStart); }

  /// RPCs from now to `end`.
  struct Seen {
    int failed = 0;
    int succeeded = 0;
    double recovered = -1;  ///< When the first one after the last failure succeeded.
  };
  Seen rpcs(double end) {
    Seen seen;
    while (now() < end) {
      const bool good = rpc();
      seen.succeeded += good ? 1 : 0;
      seen.failed += good ? 0 : 1;
      seen.recovered = !good ? -1 : (seen.recovered < 0 ? now() : seen.recovered);
      until(now() + 0.1);
    }
    return seen;
  }
  bool rpc() {
    const double deadline = now() + 1;
    if (channel().state() == Connectivity::kTransientFailure && !options.onDemand) {
      return false;
    }
    channel().want(now_);
    while (channel().state() != Connectivity::kReady) {
      const auto next = nextEvent();
      if (!next || *next > at(deadline)) {
        until(deadline);
        return false;
      }
      now_ = std::max(now_, *next);
      step();
      if (channel().state() == Connectivity::kTransientFailure) {
        return false;
      }
      if (channel().state() == Connectivity::kIdle) {
        channel().want(now_);
      }
    }
    EXPECT_TRUE(channel().pick());
    return true;
  }

  /// GOAWAY or the end of every connection to this address.
  void lose(const Endpoint& address) {
    for (const auto& [id, where] : std::map(connected_)) {
      if (where == address) {
        connected_.erase(id);
        channel().onLost(id, now_);
      }
    }
  }

  std::vector<std::string> log;  ///< "0.0 ask", "0.0 dial 10.0.0.1"
  std::vector<Outage> outages;
  const std::map<SubchannelId, Endpoint>& connected() const { return connected_; }

  void resolve(Channel&) override {
    note("ask");
    nameAt_ = now_ + milliseconds{1};
    nameAnswer_ = names(now());
  }
  void connect(Channel&, SubchannelId id, const Address& address, MonoTime now) override {
    EXPECT_EQ(now, now_);
    note("dial " + address.endpoint.ip.text());
    dials_[id] = {now_ + milliseconds{1}, address.endpoint, network(address.endpoint, this->now())};
  }
  void drop(Channel&, SubchannelId id) override {
    dials_.erase(id);
    connected_.erase(id);
  }
  void recovered(Channel&, const Outage& outage, MonoTime) override { outages.push_back(outage); }

 private:
  struct Dial {
    MonoTime time;
    Endpoint address;
    Answer answer = Answer::kAccept;
  };

  static MonoTime at(double time) {
    return kStart + nanoseconds{static_cast<std::int64_t>(time * 1e9)};
  }
  void note(const std::string& what) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f ", now());
    log.push_back(text + what);
  }

  std::optional<MonoTime> nextEvent() const {
    std::optional<MonoTime> next = channel_ ? channel_->deadline() : std::nullopt;
    const auto consider = [&next](MonoTime time) { next = std::min(next.value_or(time), time); };
    if (nameAt_) {
      consider(*nameAt_);
    }
    for (const auto& [id, dial] : dials_) {
      if (dial.answer != Answer::kNothing) {
        consider(dial.time);
      }
    }
    return next;
  }

  void step() {
    if (nameAt_ && *nameAt_ <= now_) {
      nameAt_.reset();
      std::vector<Address> addresses;
      for (const Endpoint& each : nameAnswer_) {
        addresses.push_back({each, now_});
      }
      addresses.empty() ? channel().onNoAddress("no such name", now_)
                        : channel().onAddresses(addresses, now_);
    }
    for (const SubchannelId id : channel().overdue(now_)) {
      fail(id, Cause::kConnectTimeout);
    }
    for (const auto& [id, dial] : std::map(dials_)) {
      if (dials_.count(id) == 0 || dial.answer == Answer::kNothing || dial.time > now_) {
        continue;
      }
      if (dial.answer == Answer::kRefuse) {
        fail(id, Cause::kConnectionRefused);
        continue;
      }
      dials_.erase(id);
      connected_[id] = dial.address;
      channel().onReady(id, now_);
    }
    channel().tick(now_);
  }

  void fail(SubchannelId id, Cause cause) {
    DialFailure failure;
    failure.cause = cause;
    failure.address.endpoint = dials_.at(id).address;
    dials_.erase(id);
    channel().onDialFailed(id, failure, now_);
  }

  testing::FakeRng rng_;
  std::optional<Channel> channel_;
  MonoTime now_ = kStart - seconds{100};
  std::map<SubchannelId, Dial> dials_;
  std::map<SubchannelId, Endpoint> connected_;
  std::optional<MonoTime> nameAt_;
  std::vector<Endpoint> nameAnswer_;
};

}  // namespace hitless::load
