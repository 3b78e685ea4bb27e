#include "sys/kube/client.h"

#include <boost/asio/post.hpp>
#include <deque>

#include "sys/http/exchange.h"
#include "sys/http/response_reader.h"
#include "sys/http/tls_channel.h"
#include "sys/kube/stream_session.h"
#include "sys/kube/token_source.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kMaxConnections = 4;
/// A list of a very large collection from a server that ignores `limit`.
constexpr std::size_t kMaxAnswer = 512 * 1024 * 1024;

/// Methods that may be sent twice without doing the thing twice (RFC 9110 9.2.2).
bool idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE";
}

struct Job {
  KubeClient::Request request;
  KubeClient::Done done;
  std::string token = {};  ///< The one it was last sent with.
  bool again = false;      ///< Sent before, and refused because of the token.
};

/// The connections of one client. Outlives it while answers are under way; `closed` mutes them.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(boost::asio::io_context& io, const Clock& clock, const KubeConfig& config,
       std::shared_ptr<TlsContext> tls)
      : io_(io),
        host_(config.host),
        port_(config.port),
        token_(clock, config.token, config.tokenFile),
        tls_(std::move(tls)) {}

  void submit(Job job) {
    waiting_.push_back(std::move(job));
    dispatch();
  }

  /// The bytes of a request as it goes out now, with the token of now.
  Result<std::string> bytesOf(const KubeClient::Request& request) {
    PlainRequest out;
    out.method = request.method;
    out.host = host_;
    out.port = port_;
    out.target = request.target;
    out.body = request.body;
    out.headers = {{"Accept", "application/json"}, {"User-Agent", "hitless"}};
    if (const std::string& token = token_.current(); !token.empty()) {
      out.headers.emplace_back("Authorization", "Bearer " + token);
    }
    if (!request.body.empty()) {
      out.headers.emplace_back("Content-Type", request.contentType);
    }
    return serializeRequest(out);
  }

  void close() {
    closed_ = true;
    waiting_.clear();
    for (const auto& channel : idle_) {
      channel->close();
    }
    idle_.clear();
    for (const auto& channel : busy_) {
      channel->close();
    }
  }

  boost::asio::io_context& io() { return io_; }
  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }
  TokenSource& token() { return token_; }
  std::shared_ptr<Channel> makeChannel() { return tls_->makeChannel(io_); }

 private:
  void dispatch() {
    while (!waiting_.empty() && busy_.size() < kMaxConnections) {
      Job job = std::move(waiting_.front());
      waiting_.pop_front();
      run(std::move(job), takeIdle());
    }
  }

  std::shared_ptr<Channel> takeIdle() {
    while (!idle_.empty()) {
      std::shared_ptr<Channel> channel = std::move(idle_.back());
      idle_.pop_back();
      if (!channel->stale()) {
        return channel;
      }
      channel->close();
    }
    return nullptr;
  }

  /// `idle` null: on a new connection.
  void run(Job job, std::shared_ptr<Channel> idle) {
    Result<std::string> bytes = bytesOf(job.request);
    if (!bytes) {
      boost::asio::post(io_, [done = job.done, error = std::move(bytes).error()] {
        done(tl::unexpected<Error>(error));
      });
      return;
    }
    job.token = token_.current();
    const bool reused = idle != nullptr;
    std::shared_ptr<Channel> channel = reused ? std::move(idle) : makeChannel();
    busy_.push_back(channel);
    ExchangeOptions options;
    options.host = host_;
    options.port = port_;
    options.connected = reused;
    options.headRequest = job.request.method == "HEAD";
    options.timeout = job.request.timeout;
    options.maxBody = kMaxAnswer;
    runExchange(io_, channel, std::move(options), *std::move(bytes),
                [self = shared_from_this(), job = std::move(job), channel,
                 reused](ExchangeResult result) mutable {
                  self->finished(std::move(job), channel, reused, std::move(result));
                });
  }

  void finished(Job job, const std::shared_ptr<Channel>& channel, bool reused,
                ExchangeResult result) {
    std::erase(busy_, channel);
    if (closed_) {
      return channel->close();
    }
    if (!result.response && reused && !result.answered && idempotent(job.request.method)) {
      // The server closed the idle connection as the request went out (RFC 9112 9.3.1).
      return run(std::move(job), nullptr);
    }
    if (result.reusable) {
      idle_.push_back(channel);
    }
    if (result.response && result.response->status == 401 && token_.refused(job.token) &&
        !std::exchange(job.again, true)) {
      waiting_.push_front(std::move(job));  // Nothing was done yet, whatever the method.
      return dispatch();
    }
    dispatch();
    job.done(std::move(result.response));
  }

  boost::asio::io_context& io_;
  std::string host_;
  std::uint16_t port_;
  TokenSource token_;
  std::shared_ptr<TlsContext> tls_;
  std::deque<Job> waiting_;
  std::vector<std::shared_ptr<Channel>> idle_;
  std::vector<std::shared_ptr<Channel>> busy_;
  bool closed_ = false;
};

class StreamHandle : public KubeClient::Stream {
 public:
  explicit StreamHandle(std::shared_ptr<StreamSession> session) : session_(std::move(session)) {}
  ~StreamHandle() override { session_->cancel(); }
  void allowSilence(nanoseconds longest) override { session_->allowSilence(longest); }

 private:
  std::shared_ptr<StreamSession> session_;
};

class Client : public KubeClient {
 public:
  explicit Client(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
  ~Client() override { pool_->close(); }

  void send(Request request, Done done) override {
    pool_->submit({std::move(request), std::move(done)});
  }

  std::unique_ptr<Stream> stream(std::string target, nanoseconds longestSilence, OnLine line,
                                 OnEnd end) override {
    Request request;
    request.target = std::move(target);
    Result<std::string> bytes = pool_->bytesOf(request);
    const auto tellToken = [pool = pool_, token = pool_->token().current(),
                            end = std::move(end)](Result<HttpResponse> how) {
      if (how && how->status == 401) {
        pool->token().refused(token);  // The caller's next attempt takes the new one.
      }
      end(std::move(how));
    };
    auto session = std::make_shared<StreamSession>(
        pool_->io(), pool_->makeChannel(),
        StreamOptions{pool_->host(), pool_->port(), longestSilence}, std::move(line), tellToken);
    session->start(std::move(bytes));
    return std::make_unique<StreamHandle>(std::move(session));
  }

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace

Result<std::unique_ptr<KubeClient>> KubeClient::create(boost::asio::io_context& io,
                                                       const Clock& clock, KubeConfig config) {
  auto tls = TRY(TlsContext::create(
      {config.caPem, config.clientCertPem, config.clientKeyPem, config.tlsServerName}));
  return std::make_unique<Client>(std::make_shared<Pool>(io, clock, config, std::move(tls)));
}

}  // namespace hitless::sys
