#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/clock.h"
#include "sys/http/server.h"

namespace hitless::app {

/// The long polls of peers that wait for this node's watermark.
class WaitingRoom {
 public:
  WaitingRoom(boost::asio::io_context& io, std::string node) : io_(io), node_(std::move(node)) {}

  /// Answers GET /v1/watermark?at-least=RV&wait=DURATION now, or when the watermark gets there, or
  /// when the wait (at most a minute) is over.
  void answer(const std::string& target, const std::shared_ptr<sys::HttpResponder>& responder);
  void advance(std::uint64_t watermark);

 private:
  struct Guest {
    std::uint64_t atLeast = 0;
    std::shared_ptr<sys::HttpResponder> responder;
    boost::asio::steady_timer timer;
  };

  void send(sys::HttpResponder& responder) const;

  boost::asio::io_context& io_;
  std::string node_;
  std::uint64_t watermark_ = 0;
  bool synced_ = false;
  std::list<std::shared_ptr<Guest>> guests_;
};

/// The value of `key` in the query of a request target; empty if it is not there.
std::string queryValue(const std::string& target, const std::string& key);
/// The path of a request target.
std::string pathOfTarget(const std::string& target);

}  // namespace hitless::app
