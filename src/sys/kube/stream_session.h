#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "core/watch/lines.h"
#include "sys/http/channel.h"
#include "sys/http/response_reader.h"
#include "sys/kube/client.h"

namespace hitless::sys {

struct StreamOptions {
  std::string host;
  std::uint16_t port = 0;
  /// The longest time without a whole line that is not taken for a dead connection.
  nanoseconds longestSilence{};
};

/// One streamed answer on a connection of its own, line by line.
class StreamSession : public std::enable_shared_from_this<StreamSession> {
 public:
  StreamSession(boost::asio::io_context& io, std::shared_ptr<Channel> channel,
                StreamOptions options, KubeClient::OnLine line, KubeClient::OnEnd end);

  /// Connects and sends. A request that could not be made ends the stream with its error.
  void start(Result<std::string> request);
  /// Counts from now.
  void allowSilence(nanoseconds longest);
  /// No callback is called after this.
  void cancel();

 private:
  void armTimer();
  void send();
  void receive();
  void onBytes(Result<std::string_view> bytes);
  void onBody(std::string_view bytes);
  void finish(Result<HttpResponse> how);

  using Moment = std::chrono::steady_clock::time_point;

  std::shared_ptr<Channel> channel_;
  StreamOptions options_;
  KubeClient::OnLine line_;
  KubeClient::OnEnd end_;
  boost::asio::steady_timer timer_;
  Moment heard_{};  ///< When the last line came. The timer looks here when it goes off.
  ResponseReader reader_;
  watch::LineSplitter splitter_;
  Status split_;
  std::string request_;
  bool open_ = true;
};

}  // namespace hitless::sys
