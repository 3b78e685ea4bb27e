#pragma once

#include <memory>
#include <unordered_map>

#include "core/proxy/call.h"
#include "sys/proxy/session_connection.h"

namespace hitless::sys {

class UpstreamPool;
class PooledCall;

/// A connection to an upstream, and the calls on it.
class UpstreamConnection final : public SessionConnection, private proxy::ClientEvents {
 public:
  UpstreamConnection(EventLoop& loop, UpstreamPool& pool, PeerSocket transport);

  /// Begins to wait for the connection to be made.
  Status start();

  bool isEstablished() const { return client_ != nullptr; }
  /// Calls that can be begun now.
  std::size_t opens() const { return client_ == nullptr ? 0 : client_->opens(); }
  std::size_t active() const { return calls_.size(); }
  bool idle() const { return client_ != nullptr && calls_.empty(); }
  bool leaving() const { return client_ == nullptr ? false : client_->leaving(); }
  MonoTime idleSince() const { return idleSince_; }
  MonoTime begun() const { return begun_; }
  bool closedByPeer() const { return peerEnded(); }
  const proxy::Address& local() const { return local_; }

  void open(PooledCall& call, const proxy::RequestHead& head, bool end);
  void send(proxy::StreamId stream, std::string_view bytes, bool end);
  void sendTrailers(proxy::StreamId stream, const proxy::Fields& trailers);
  void consumed(proxy::StreamId stream, std::size_t bytes);
  std::size_t queued(proxy::StreamId stream) const;
  /// The call is given up.
  void cancel(proxy::StreamId stream);
  /// Ends the connection; nothing is open on it.
  void close();

 private:
  struct Open {
    PooledCall* call = nullptr;
    std::uint64_t firstByte = 0;  ///< Of the request, counted from the connection's first.
    bool responded = false;
    bool requestEnded = false;
  };

  proxy::Session* speaker() override { return client_.get(); }
  void receiveFirst(std::string_view) override {}
  void established() override;
  void over(int error, const std::string& text) override;
  bool lingers() const override { return false; }
  bool holdsEnd() override;

  void interim(proxy::StreamId stream, proxy::ResponseHead head) override;
  void response(proxy::StreamId stream, proxy::ResponseHead head, bool end) override;
  void data(proxy::StreamId stream, std::string_view bytes, bool end) override;
  void trailers(proxy::StreamId stream, proxy::Fields trailers) override;
  void reset(proxy::StreamId stream, proxy::StreamError error) override;
  void drained(proxy::StreamId stream) override;
  void openable() override;

  Open* find(proxy::StreamId stream);
  void noteEnd(proxy::StreamId stream, bool end);
  /// The stream has ended; yields its call.
  PooledCall* take(proxy::StreamId stream);
  proxy::Failure failureOf(proxy::StreamError error, const Open& open) const;

  UpstreamPool& pool_;
  std::unique_ptr<proxy::ClientSession> client_;
  std::unordered_map<proxy::StreamId, Open> calls_;
  std::unique_ptr<Timer> connectTimer_;
  proxy::Address local_;
  MonoTime begun_{};
  MonoTime idleSince_{};
};

}  // namespace hitless::sys
