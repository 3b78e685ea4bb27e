#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "core/control/pod_log.h"
#include "sys/http/server.h"

namespace hitless::sys {

/// Sends one container log to one client, as fast as the client reads; with `follow` until the
/// container has ended.
class LogStream : public std::enable_shared_from_this<LogStream> {
 public:
  LogStream(boost::asio::io_context& io, control::LogSource& source, const control::Store& store,
            control::LogQuery query, std::shared_ptr<HttpResponder> responder);
  void start();

 private:
  void pump();
  void again(nanoseconds after);
  void finish();

  boost::asio::steady_timer timer_;
  control::LogSource& source_;
  const control::Store& store_;
  control::LogQuery query_;
  control::LogPrinter printer_;
  std::shared_ptr<HttpResponder> responder_;
  std::uint64_t offset_ = 0;
  bool history_ = true;
};

}  // namespace hitless::sys
