#pragma once

#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/proxy/http2/head_reader.h"
#include "core/proxy/http2/header_block.h"
#include "core/proxy/http2/options.h"
#include "core/proxy/http2/stream_table.h"
#include "core/proxy/session.h"

namespace hitless::proxy::http2 {

/// What both sides of an HTTP/2 connection have in common: nghttp2's session, the streams, bodies
/// and their windows, what is to be written. The methods are those of proxy::Session.
///
/// nghttp2's callbacks while it reads become events at once. While it writes, and it closes streams
/// then, too, nothing may be told: that is kept for wrote() or the next receive(), whichever comes
/// first. Handlers may call everything but receive() and receiveEnd() from events.
class Connection {
 public:
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void receive(std::string_view bytes);
  void receiveEnd();
  /// Called by a handler, what had been there before and has not been written.
  std::string_view output();
  /// May be said with 0, and should when output() was empty: what became of streams is told.
  void wrote(std::size_t count);
  bool reads() const;
  bool finished() const;
  std::size_t active() const { return streams_.size(); }
  void send(StreamId id, std::string_view bytes, bool end);
  void sendTrailers(StreamId id, const Fields& trailers);
  void reset(StreamId id, StreamError error);
  void consumed(StreamId id, std::size_t bytes);
  std::size_t queued(StreamId id) const;

 protected:
  Connection(bool server, const Http2Options& options, SessionEvents& events);
  virtual ~Connection();

  /// A header block begins. What reader_ is not made ready for by it is dropped.
  virtual void beginBlock(const nghttp2_frame& frame) = 0;
  /// The block of a HEADERS frame is complete and in reader_.
  virtual void completeBlock(Stream& stream, bool end) = 0;
  /// Any frame but HEADERS and DATA has come, or any frame is given out.
  virtual void received(const nghttp2_frame&) {}
  virtual void sent(const nghttp2_frame&) {}
  /// A stream has ended that the handler still had, or that it has never heard of (`!announced`).
  virtual void tellEnd(StreamId id, bool announced, StreamError error) = 0;
  /// A stream is about to be forgotten because it has ended.
  virtual void ending(const Stream&) {}
  /// The connection is cut because the peer broke the rules; `details` as of ServerEvents::refused.
  virtual void tellBroken(std::string_view details) = 0;
  /// All has been told that was to be told.
  virtual void settled() {}

  /// Forgets the stream, gives its window back, and resets it.
  void cut(Stream& stream, std::uint32_t code);
  /// As the peer's reset() would: forgets and tells.
  void endStream(StreamId id, StreamError error);
  /// Ends the connection with GOAWAY of this code.
  void terminate(std::uint32_t code, std::string_view details);
  bool ended() const { return peerEnded_ || broken_ || terminated_; }
  /// Gives a stream's response or request its body.
  nghttp2_data_provider body() const;

  const Http2Options options_;
  SessionEvents& events_;
  nghttp2_session* session_ = nullptr;
  StreamTable streams_;
  HeadReader reader_;
  /// The stream whose header block is coming; 0: it is dropped.
  StreamId reading_ = 0;
  HeaderBlock block_;

 private:
  struct Callbacks;
  struct Ended {
    StreamId id;
    bool announced;
    StreamError error;
  };

  void flushData(bool end);
  void takeData(StreamId id, std::string_view bytes);
  void closed(StreamId id, std::uint32_t code);
  void notSent(const nghttp2_frame& frame, int error);
  ssize_t give(StreamId id, std::uint8_t* to, std::size_t room, std::uint32_t& flags);
  void forget(Stream& stream);
  void tell();
  void endAll(StreamError error);
  void fail(ssize_t error);
  void pull();

  const bool server_;
  bool receiving_ = false;    ///< nghttp2 reads.
  bool pulling_ = false;      ///< nghttp2 writes.
  bool peerEnded_ = false;    ///< receiveEnd()
  bool broken_ = false;       ///< nghttp2 can do nothing more.
  bool terminated_ = false;   ///< GOAWAY with an error is, or is to be, sent.
  std::string_view details_;  ///< Why; a literal. Told once.
  /// The last piece of data that came, until it is known whether the stream ends with it.
  StreamId dataStream_ = 0;
  std::string_view data_;
  std::vector<Ended> endedStreams_;  ///< Not told yet.
  std::vector<StreamId> drained_;    ///< Not told yet.
  std::string out_;
  std::size_t written_ = 0;
};

/// Connection's methods as the interface has them.
template <typename Side>
class SessionOn : public Side, protected Connection {
 public:
  void receive(std::string_view bytes) final { Connection::receive(bytes); }
  void receiveEnd() final { Connection::receiveEnd(); }
  std::string_view output() final { return Connection::output(); }
  void wrote(std::size_t count) final { Connection::wrote(count); }
  bool reads() const final { return Connection::reads(); }
  bool finished() const final { return Connection::finished(); }
  std::size_t active() const final { return Connection::active(); }
  void send(StreamId stream, std::string_view bytes, bool end) final {
    Connection::send(stream, bytes, end);
  }
  void sendTrailers(StreamId stream, const Fields& trailers) final {
    Connection::sendTrailers(stream, trailers);
  }
  void reset(StreamId stream, StreamError error) final { Connection::reset(stream, error); }
  void consumed(StreamId stream, std::size_t bytes) final { Connection::consumed(stream, bytes); }
  std::size_t queued(StreamId stream) const final { return Connection::queued(stream); }
  HttpVersion version() const final { return HttpVersion::k2; }

 protected:
  using Connection::Connection;
};

}  // namespace hitless::proxy::http2
