#pragma once

#include <nghttp2/nghttp2.h>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "testapp/session.h"

namespace hitless::testapp {

/// The first bytes of a client that speaks HTTP/2 without having asked (RFC 9113 3.4).
bool isHttp2Preface(std::string_view bytes);

/// HTTP/2 with prior knowledge, and gRPC's unary calls on it. It takes its leave in two steps, as
/// RFC 9113 6.8 asks for and as the servers of grpc-go and grpc-java do: a GOAWAY with the highest
/// stream identifier, and when the client has answered a PING sent with it, and so cannot begin
/// anything in ignorance any more, the final one. Every stream until then is served.
class Http2Session : public Session {
 public:
  Http2Session(const std::string& podName, Counts& counts);
  ~Http2Session() override;
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  bool receive(std::string_view bytes) override;
  std::optional<Delay> advance(bool leaving) override;
  void wake(std::int32_t request, bool leaving) override;
  std::string_view pending() const override { return std::string_view(out_).substr(sent_); }
  void wrote(std::size_t count) override;
  bool finished() const override;
  bool idle() const override { return false; }
  bool fresh() const override { return false; }
  std::size_t inFlight() const override { return streams_.size(); }

 private:
  struct Stream {
    std::string method;
    std::string path;
    bool grpc = false;
    std::string message;  ///< A gRPC request with its prefix, as far as it matters.
    bool answered = false;
    std::string body;        ///< Of the answer.
    std::uint64_t fill = 0;  ///< Bytes of it still to make.
    std::size_t sent = 0;
  };
  struct Callbacks;

  void begin(std::int32_t id);
  void answerHttp(std::int32_t id, Stream& stream);
  void answerGrpc(std::int32_t id, Stream& stream);
  void respond(std::int32_t id, int status, std::string body, std::uint64_t fill = 0);
  void reply(std::int32_t id, std::string_view message);
  void refuse(std::int32_t id, int status, const std::string& message);
  void takeLeave();
  void refill();

  const std::string& podName_;
  Counts& counts_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Stream> streams_;
  std::deque<Delay> delays_;  ///< Asked for, not told by advance() yet.
  bool leaving_ = false;
  std::string out_;
  std::size_t sent_ = 0;
};

}  // namespace hitless::testapp
