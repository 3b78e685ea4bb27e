#pragma once

#include "core/proxy/http1/body.h"
#include "core/proxy/http1/output.h"
#include "core/proxy/session.h"

namespace hitless::proxy::http1 {

/// A client's HTTP/1.1 connection. One request at a time: what a client sends ahead (pipelining)
/// waits until the response before it is over.
class ServerSession final : public proxy::ServerSession {
 public:
  struct Options {
    HeadLimits limits;
    std::string scheme = "http";
  };
  ServerSession(Options options, ServerEvents& events);

  void receive(std::string_view bytes) override;
  void receiveEnd() override;
  std::string_view output() override { return output_.pending(); }
  void wrote(std::size_t count) override;
  bool reads() const override;
  bool finished() const override { return state_ == State::kOver && output_.empty(); }
  std::size_t active() const override { return open_ ? 1 : 0; }

  void send(StreamId stream, std::string_view bytes, bool end) override;
  void sendTrailers(StreamId stream, const Fields& trailers) override;
  void reset(StreamId stream, StreamError error) override;
  void consumed(StreamId stream, std::size_t bytes) override;
  std::size_t queued(StreamId) const override { return output_.size(); }

  void respond(StreamId stream, const ResponseHead& head, bool end) override;
  void notice() override { leaving_ = true; }
  bool noticed() const override { return leaving_; }
  HttpVersion version() const override { return HttpVersion::k11; }

  /// Between requests, and nothing of the next has come.
  bool idle() const { return state_ == State::kHead && input_.empty() && output_.empty(); }
  /// The rest of a request's head has not come in time.
  void headTimedOut() { refuse({408, "request_headers_timeout"}); }
  /// No request has come yet, or not wholly.
  bool awaitsHead() const { return state_ == State::kHead; }

 private:
  enum class State : std::uint8_t {
    kHead,     ///< Waits for a request.
    kBody,     ///< Takes its body.
    kWaiting,  ///< Has it whole; the response is not over.
    kTunnel,   ///< Bytes without framing, after 101.
    kOver,     ///< Takes nothing more.
  };

  void work(std::string_view bytes);
  bool takeHead(std::string_view& bytes);
  bool takeBody(std::string_view& bytes);
  void begin(Request request);
  void refuse(const Refusal& refusal);
  void requestOver();
  void responseOver();
  void over();
  bool current(StreamId stream) const { return open_ && stream == stream_; }

  Options options_;
  ServerEvents& events_;
  State state_ = State::kHead;
  Input input_;
  HeadEnd headEnd_;
  BodyReader body_;
  Output output_;
  StreamId stream_ = 0;
  bool open_ = false;     ///< A request has begun and its response is not over.
  bool working_ = false;  ///< Inside receive(): who calls back must not begin it again.
  bool headRequest_ = false;
  bool upgradeAsked_ = false;
  bool responded_ = false;  ///< The response's head is out.
  bool keepAlive_ = true;   ///< The client's side of it.
  bool leaving_ = false;
  bool closeSaid_ = false;    ///< The response under way ends the connection.
  bool clientEnded_ = false;  ///< FIN.
  bool endPending_ = false;   ///< receiveEnd() came while input_ waits.
  bool full_ = false;         ///< drained() is owed.
  HttpVersion clientVersion_ = HttpVersion::k11;
  WrittenBody written_ = WrittenBody::kNone;
  std::size_t unconsumed_ = 0;
};

}  // namespace hitless::proxy::http1
