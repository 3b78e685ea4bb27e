#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/proxy/message.h"

/// The two ends of a connection as the proxy sees them: a server session towards a client, a client
/// session towards an upstream. Bytes in by receive(), bytes out by output(); what they mean comes
/// as events, during receive() and wrote() only. HTTP/1.1 has one stream at a time, HTTP/2 many.
///
/// Back-pressure is by consumed(): a session that has given out data which nobody has consumed yet
/// stops taking more once a window of it is full. Who passes data on says consumed() when the other
/// side's queued() is low again, which that side tells by drained().
namespace hitless::proxy {

/// HTTP/2's stream identifier; HTTP/1.1 counts 1, 2, 3 ...
using StreamId = std::uint32_t;

/// Why a stream ends before its time. HTTP/2 says it by RST_STREAM (RFC 9113 7), HTTP/1.1 by
/// closing the connection.
enum class StreamError : std::uint8_t {
  kNone,
  kProtocol,         ///< PROTOCOL_ERROR and its kin: the peer broke the rules.
  kInternal,         ///< INTERNAL_ERROR
  kCancel,           ///< CANCEL: no longer wanted.
  kRefused,          ///< REFUSED_STREAM, or above GOAWAY's last: certainly not processed.
  kEnhanceYourCalm,  ///< ENHANCE_YOUR_CALM
  kConnectionEnded,  ///< The connection ended before the stream did.
};

/// When more than this is queued for a stream, its sender waits for drained().
inline constexpr std::size_t kHighWater = 64 * 1024;
/// drained() comes when no more than this is left.
inline constexpr std::size_t kLowWater = 16 * 1024;

/// What one direction of either kind of session has.
class Session {
 public:
  virtual ~Session() = default;

  /// Bytes of the peer. May be called with any bytes, and with none.
  virtual void receive(std::string_view bytes) = 0;
  /// The peer will send nothing more (FIN, or worse).
  virtual void receiveEnd() = 0;
  /// What is to be written now; valid until the next call of anything but queued(). May stay empty
  /// although queued() is not 0: flow control.
  virtual std::string_view output() = 0;
  /// So many bytes of output() have been written.
  virtual void wrote(std::size_t count) = 0;
  /// Whether bytes of the peer would be welcome. False: do not read from the connection for now.
  virtual bool reads() const = 0;
  /// Nothing more will come or go: write output() and close the connection.
  virtual bool finished() const = 0;
  /// Streams that have begun and not ended.
  virtual std::size_t active() const = 0;

  /// More of the body. The bytes are copied.
  virtual void send(StreamId stream, std::string_view bytes, bool end) = 0;
  /// The end of the body, with trailers, which are left out where the peer cannot take them.
  virtual void sendTrailers(StreamId stream, const Fields& trailers) = 0;
  /// Gives the stream up; the session forgets it and tells nothing more about it.
  virtual void reset(StreamId stream, StreamError error) = 0;
  /// So many bytes that data() gave have gone on.
  virtual void consumed(StreamId stream, std::size_t bytes) = 0;
  /// Bytes of send() that have not been given out by output() and wrote() yet.
  virtual std::size_t queued(StreamId stream) const = 0;
};

/// What both sides' streams do.
class SessionEvents {
 public:
  virtual ~SessionEvents() = default;
  virtual void data(StreamId stream, std::string_view bytes, bool end) = 0;
  /// The end of the body, after data() with end = false.
  virtual void trailers(StreamId stream, Fields trailers) = 0;
  /// The peer or the connection ended the stream; the session has forgotten it.
  virtual void reset(StreamId stream, StreamError error) = 0;
  /// queued() was above kHighWater and is not above kLowWater any more.
  virtual void drained(StreamId stream) = 0;
};

class ServerEvents : public SessionEvents {
 public:
  virtual void request(StreamId stream, RequestHead head, bool end) = 0;
  /// What the session answered (or cut) by itself, because it broke the rules or a limit: for logs.
  /// `details` is a word as Envoy's response code details have it, "http1.codec_error".
  virtual void refused(int status, std::string_view details) = 0;
};

class ServerSession : public Session {
 public:
  /// Interim responses (1xx but 101) may precede the one response. `end`: it has no body.
  virtual void respond(StreamId stream, const ResponseHead& head, bool end) = 0;
  /// Tells the client to begin nothing new here: GOAWAY with the highest stream identifier and a
  /// PING, Connection: close on what is answered from now on (RFC 9113 6.8, RFC 9112 9.6). What
  /// begins nevertheless is served. May be said again.
  virtual void notice() = 0;
  /// The client has answered notice() (HTTP/2: the PING came back and the last GOAWAY is out), or
  /// need not: nothing new will begin on this connection but what HTTP/1.1 may have under way.
  virtual bool noticed() const = 0;
  virtual HttpVersion version() const = 0;
};

class ClientEvents : public SessionEvents {
 public:
  /// 1xx but 101.
  virtual void interim(StreamId stream, ResponseHead head) = 0;
  virtual void response(StreamId stream, ResponseHead head, bool end) = 0;
  /// Streams may be opened again, or more than before; or never again (see opens()).
  virtual void openable() = 0;
};

class ClientSession : public Session {
 public:
  /// How many streams could be opened now. 0 for ever once the upstream says it is leaving.
  virtual std::size_t opens() const = 0;
  /// The upstream is leaving (GOAWAY, Connection: close) or has ended: no more streams here.
  virtual bool leaving() const = 0;
  /// Begins a request; opens() > 0.
  virtual StreamId open(const RequestHead& head, bool end) = 0;
  virtual HttpVersion version() const = 0;
};

}  // namespace hitless::proxy
