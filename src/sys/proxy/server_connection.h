#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "core/proxy/exchange.h"
#include "core/proxy/http1/server_session.h"
#include "sys/proxy/session_connection.h"
#include "sys/proxy/worker_events.h"

namespace hitless::sys {

struct ServerLimits {
  /// From a connection's first byte (or a request's) to the end of the request's head, and for the
  /// first byte.
  nanoseconds head = seconds(15);
  /// Between requests.
  nanoseconds idle = std::chrono::hours(1);
  /// Without a byte in either direction while a request is under way.
  nanoseconds stream = std::chrono::minutes(5);
  std::size_t connections = 20'000;  ///< Of one worker; more are not accepted for the time being.
};

class ServerConnection;

/// What a client's connection needs of its worker.
class ServerContext {
 public:
  virtual ~ServerContext() = default;
  virtual EventLoop& loop() = 0;
  virtual const proxy::ExchangeContext& exchanges() = 0;
  virtual WorkerEvents& events() = 0;
  virtual const ServerLimits& limits() const = 0;
  /// By the table that holds now.
  virtual proxy::Routed route(const std::string& listener, const proxy::RequestHead& head) = 0;
  virtual std::shared_ptr<const proxy::Cluster> cluster(const std::string& name) = 0;
  /// Clients are told to go elsewhere, at the latest with what is sent to them next.
  virtual bool notifies() const = 0;
  /// And those of which nothing has come yet, as soon as it is known what they speak.
  virtual bool notifiesAll() const = 0;
  virtual void forget(ServerConnection& connection) = 0;
};

/// A client's connection that speaks HTTP, and its exchanges.
class ServerConnection final : public SessionConnection,
                               private proxy::ServerEvents,
                               private proxy::ExchangeOwner {
 public:
  struct Origin {
    std::string listener;
    proxy::Address local;  ///< Where the client wanted to go.
    proxy::Address remote;
    std::shared_ptr<const void> tls = {};  ///< What the handshake's callbacks point to.
  };
  ServerConnection(ServerContext& context, PeerSocket transport, Origin origin);
  ~ServerConnection() override;

  /// `first`: bytes that have been read already.
  Status start(std::string_view first);

  /// Tells the client to go elsewhere.
  void notice();
  bool noticed() const { return server_ != nullptr && server_->noticed(); }
  /// Whether an HTTP/1.1 connection is between two requests that follow each other closely: the
  /// next one may be on its way, and will be told to go elsewhere by its response. Closing it now
  /// could cost that request.
  bool lively() const;
  /// Closes a connection on which nothing has come for `quiet`; HTTP/1.1 only, and not if lively().
  void closeIfIdle(nanoseconds quiet);
  /// Ends what is under way.
  void cut();
  std::size_t activeRequests() const { return exchanges_.size(); }
  const std::string& listener() const { return origin_.listener; }
  template <class Visit>
  void forEachExchange(Visit visit) const {
    for (const auto& [stream, exchange] : exchanges_) {
      visit(*exchange);
    }
  }

 private:
  proxy::Session* speaker() override { return server_.get(); }
  void receiveFirst(std::string_view bytes) override;
  void established() override;
  void touched() override;
  void onIdle();
  void endExchanges();
  void over(int error, const std::string& text) override;

  void request(proxy::StreamId stream, proxy::RequestHead head, bool end) override;
  void data(proxy::StreamId stream, std::string_view bytes, bool end) override;
  void trailers(proxy::StreamId stream, proxy::Fields trailers) override;
  void reset(proxy::StreamId stream, proxy::StreamError error) override;
  void drained(proxy::StreamId stream) override;
  void refused(int status, std::string_view details) override;

  proxy::ServerSession& session() override;
  const proxy::DownstreamInfo& info() const override { return info_; }
  void flush() override { flushSoon(); }
  void over(proxy::StreamId stream, const proxy::RequestRecord& record) override;
  void wakeAt(proxy::StreamId stream, MonoTime time) override;
  void upgraded() override;
  proxy::Routed route(const proxy::RequestHead& head) override;
  std::shared_ptr<const proxy::Cluster> cluster(const std::string& name) override;

  ServerContext& context_;
  Origin origin_;
  proxy::DownstreamInfo info_;
  std::string first_;  ///< Until it is known what the client speaks.
  std::unique_ptr<proxy::ServerSession> server_;
  proxy::http1::ServerSession* http1_ = nullptr;  ///< The same, if it is that.
  std::unordered_map<proxy::StreamId, std::unique_ptr<proxy::Exchange>> exchanges_;
  std::unordered_map<proxy::StreamId, std::unique_ptr<Timer>> timeouts_;
  Timer idle_;
  MonoTime lastByte_{};
  MonoTime lastRequest_{};
  nanoseconds gap_{};  ///< Between requests, the longest of late.
  bool idledOut_ = false;
  bool headTimed_ = false;  ///< idle_ is set for the head under way.
};

}  // namespace hitless::sys
