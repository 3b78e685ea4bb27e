#pragma once

#include <functional>

#include "core/proxy/sniff.h"
#include "sys/proxy/acceptor.h"

namespace hitless::sys {

/// A connection whose first bytes are looked at, without being taken, to know what to do with it.
class Sniffer final : public Watched {
 public:
  struct Seen {
    proxy::Sniffed what = proxy::Sniffed::kOther;
    std::string serverName;
  };
  /// `done` gets the socket back, and is the last thing that is called. After `patience` without a
  /// byte it is kOther: with some protocols the server speaks first.
  using Done = std::function<void(Sniffer& sniffer, Seen seen)>;
  Sniffer(EventLoop& loop, Fd fd, nanoseconds patience, Done done);
  ~Sniffer() override;

  Status start();
  Fd take();

 private:
  void onEvents(std::uint32_t events) override;
  void finish(Seen seen);

  EventLoop& loop_;
  Fd fd_;
  Done done_;
  Timer patience_;
  nanoseconds wait_;
};

}  // namespace hitless::sys
