#pragma once

#include "core/proxy/http1/body.h"
#include "core/proxy/http1/output.h"
#include "core/proxy/session.h"

namespace hitless::proxy::http1 {

/// A connection to an upstream that speaks HTTP/1.1, one request after the other.
class ClientSession final : public proxy::ClientSession {
 public:
  ClientSession(HeadLimits limits, ClientEvents& events);

  void receive(std::string_view bytes) override;
  void receiveEnd() override;
  std::string_view output() override { return output_.pending(); }
  void wrote(std::size_t count) override;
  bool reads() const override { return state_ != State::kOver && unconsumed_ < kHighWater; }
  bool finished() const override { return state_ == State::kOver; }
  std::size_t active() const override { return open_ ? 1 : 0; }

  void send(StreamId stream, std::string_view bytes, bool end) override;
  void sendTrailers(StreamId stream, const Fields& trailers) override;
  void reset(StreamId stream, StreamError error) override;
  void consumed(StreamId stream, std::size_t bytes) override;
  std::size_t queued(StreamId) const override { return output_.size() + held_.size(); }

  /// None while bytes are being looked at: what follows a response answers nothing, and must not
  /// be taken for the answer to what is opened next.
  std::size_t opens() const override {
    return state_ == State::kIdle && !leaving_ && !working_ ? 1 : 0;
  }
  bool leaving() const override { return leaving_ || state_ == State::kOver; }
  StreamId open(const RequestHead& head, bool end) override;
  HttpVersion version() const override { return HttpVersion::k11; }

 private:
  enum class State : std::uint8_t { kIdle, kHead, kBody, kTunnel, kOver };

  void work(std::string_view bytes);
  bool takeHead(std::string_view& bytes);
  bool takeBody(std::string_view& bytes);
  void begin(Response response);
  void responseOver();
  void requestOver();
  void bad();
  bool current(StreamId stream) const { return open_ && stream == stream_; }

  HeadLimits limits_;
  ClientEvents& events_;
  State state_ = State::kIdle;
  Input input_;
  HeadEnd headEnd_;
  BodyReader body_;
  Output output_;
  StreamId stream_ = 0;
  bool open_ = false;  ///< The response is not over.
  bool working_ = false;
  bool freed_ = false;  ///< openable() is due.
  /// Of a protocol that the upstream has not accepted yet: it would read a request in it.
  std::string held_;
  bool heldEnd_ = false;
  bool requestDone_ = true;
  bool leaving_ = false;
  bool full_ = false;
  bool endPending_ = false;  ///< receiveEnd() came while input_ waits.
  Asked asked_;
  WrittenBody written_ = WrittenBody::kNone;
  std::size_t unconsumed_ = 0;
};

}  // namespace hitless::proxy::http1
