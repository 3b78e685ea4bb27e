#pragma once

#include "core/proxy/http2/connection.h"

namespace hitless::proxy {

/// A client's HTTP/2 connection (RFC 9113), from its preface on.
///
/// An extended CONNECT (RFC 8441) is told as a GET with RequestHead::upgrade, as HTTP/1.1 has it;
/// 101 accepts it. A plain CONNECT comes as such, with an empty path. Cookie fields are joined into
/// one. When a response has ended before its request, the client is asked to stop (RST_STREAM with
/// NO_ERROR), and nothing more is told of the stream; in a tunnel reset() with kNone does it, when
/// the end of the response has been given to send().
///
/// It takes its leave as RFC 9113 6.8 asks for: notice() sends GOAWAY with the highest identifier
/// and a PING; when that is answered, the client knows, and the final GOAWAY says what was taken.
class Http2ServerSession final : public http2::SessionOn<ServerSession> {
 public:
  explicit Http2ServerSession(ServerEvents& events, const Http2Options& options = {});

  void respond(StreamId stream, const ResponseHead& head, bool end) override;
  void notice() override;
  bool noticed() const override { return leave_ == Leave::kSaid || ended(); }

 private:
  /// Each follows from the one before.
  enum class Leave : std::uint8_t {
    kNotYet,
    kAnnounced,  ///< GOAWAY(2^31-1) and PING are submitted.
    kAnswered,   ///< The PING has come back, GOAWAY(last) is submitted.
    kSaid,       ///< GOAWAY(last) has been given out.
  };

  void beginBlock(const nghttp2_frame& frame) override;
  void completeBlock(http2::Stream& stream, bool end) override;
  void received(const nghttp2_frame& frame) override;
  void sent(const nghttp2_frame& frame) override;
  void ending(const http2::Stream& stream) override;
  void tellEnd(StreamId id, bool announced, StreamError error) override;
  void tellBroken(std::string_view details) override;

  void completeRequest(http2::Stream& stream, bool end);
  void completeTrailers(http2::Stream& stream);

  ServerEvents& serverEvents_;
  Leave leave_ = Leave::kNotYet;
  std::size_t unanswered_ = 0;  ///< See Http2Options::maxUnansweredResets.
};

}  // namespace hitless::proxy
