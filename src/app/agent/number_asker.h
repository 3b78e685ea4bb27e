#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/conntrack/flow.h"
#include "core/departed/packet_sender.h"

namespace hitless::app {

/// Asks ends of TCP connections where they are, each as if its peer did, so that rules which refuse
/// what it answers reset it with the numbers that it believes (core/departed/segment.h). The
/// segments have the mark of departed::PacketSender::sendUntracked(): rules must let them out
/// unseen by connection tracking, which would find them outside of every window.
class NumberAsker {
 public:
  /// Without `packets` nobody is asked.
  NumberAsker(boost::asio::io_context& io, departed::PacketSender* packets)
      : packets_(packets), turn_(io) {}

  bool able() const { return packets_ != nullptr; }
  /// An end is the source of the tuple, and its peer the destination. So many at a time that the
  /// agent's thread gets to other things in between.
  void ask(const std::vector<conntrack::Tuple>& ends);
  void stop();

 private:
  void askSome();

  departed::PacketSender* packets_;
  boost::asio::steady_timer turn_;
  std::deque<conntrack::Tuple> waiting_;
  std::uint32_t asked_ = 0;
};

}  // namespace hitless::app
