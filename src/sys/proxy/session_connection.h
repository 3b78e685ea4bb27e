#pragma once

#include "core/proxy/session.h"
#include "sys/proxy/event_loop.h"
#include "sys/proxy/transport.h"

namespace hitless::sys {

/// A connection with a session at its end: moves bytes between the two, as much as each wants, and
/// closes so that nothing that was sent is lost.
class SessionConnection : public Watched {
 public:
  SessionConnection(EventLoop& loop, PeerSocket transport)
      : loop_(loop), transport_(std::move(transport)) {}
  ~SessionConnection() override;
  SessionConnection(const SessionConnection&) = delete;
  SessionConnection& operator=(const SessionConnection&) = delete;

  /// Output is to be written when the events at hand have been dealt with.
  void flushSoon();
  /// Not acknowledged by the peer's kernel, or not yet written.
  std::size_t unacknowledgedBytes() const;

 protected:
  /// Begins to watch. `connecting`: a connection that is not established yet.
  Status watch(bool connecting);

  /// nullptr as long as it is not known what the peer speaks.
  virtual proxy::Session* speaker() = 0;
  /// Bytes that came while there is no session.
  virtual void receiveFirst(std::string_view bytes) = 0;
  /// connect() or the TLS handshake has succeeded.
  virtual void established() = 0;
  /// The connection has failed, or everything has been said. Called once; nothing follows. `error`:
  /// errno, 0 for an orderly end. The owner removes the connection, by bury().
  virtual void over(int error, const std::string& text) = 0;

  /// Bytes have come or gone.
  virtual void touched() {}

  /// Ends it so that the peer can read what has been written.
  void endGracefully();
  /// Nothing has come that has not been read.
  bool receiveQueueEmpty() const;
  /// Ends it without a word to the peer beyond what the kernel says.
  void abandon();
  /// Reads on, or not, as the session wants.
  void updateInterest();
  void onEvents(std::uint32_t events) override;

  /// Whether the peer's FIN is to be kept from the session for a moment, because what was sent last
  /// may still be acknowledged or refused. Asked again some times.
  virtual bool holdsEnd() { return false; }

  EventLoop& loop() { return loop_; }
  PeerSocket& transport() { return transport_; }
  const PeerSocket& transport() const { return transport_; }
  bool ended() const { return phase_ == Phase::kOver; }
  /// FIN has come.
  bool peerEnded() const { return peerEnded_; }
  /// Why the connection failed, as errno; meaningful from the session's receiveEnd() on.
  int endError() const { return endError_; }
  std::uint64_t bytesWritten() const { return bytesWritten_; }
  /// Whether the connection lingers after its last byte, so that the peer can read all of it.
  virtual bool lingers() const { return true; }

 private:
  enum class Phase : std::uint8_t { kConnecting, kHandshaking, kOpen, kLingering, kOver };

  void advanceHandshake();
  void readAll();
  void tellEnd();
  void readRestAndFail(int error);
  void discard();
  void flush();
  void fail(int error);

  EventLoop& loop_;
  PeerSocket transport_;
  Phase phase_ = Phase::kOpen;
  std::uint32_t interest_ = 0;
  bool dirty_ = false;
  bool blocked_ = false;  ///< The socket takes no more for now.
  bool peerEnded_ = false;
  std::uint64_t bytesWritten_ = 0;
  int endError_ = 0;
  std::unique_ptr<Timer> linger_;
  std::unique_ptr<Timer> verdict_;
  int verdictsAwaited_ = 0;
};

}  // namespace hitless::sys
