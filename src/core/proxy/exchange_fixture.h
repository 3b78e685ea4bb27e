#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/proxy/exchange.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"

namespace hitless::proxy {

/// What the client gets, and a session that has as much queued as the test says.
class FakeServer final : public ServerSession {
 public:
  void receive(std::string_view) override {}
  void receiveEnd() override {}
  std::string_view output() override { return {}; }
  void wrote(std::size_t) override {}
  bool reads() const override { return true; }
  bool finished() const override { return false; }
  std::size_t active() const override { return 0; }
  void send(StreamId, std::string_view bytes, bool last) override {
    body += bytes;
    ended = ended || last;
  }
  void sendTrailers(StreamId, const Fields& fields) override {
    trailers = fields;
    ended = true;
  }
  void reset(StreamId, StreamError error) override { resets.push_back(error); }
  void consumed(StreamId, std::size_t bytes) override { taken += bytes; }
  std::size_t queued(StreamId) const override { return waiting; }
  void respond(StreamId, const ResponseHead& head, bool last) override {
    heads.push_back(head);
    ended = ended || last;
  }
  void notice() override {}
  bool noticed() const override { return false; }
  HttpVersion version() const override { return HttpVersion::k2; }

  std::vector<ResponseHead> heads;
  std::string body;
  std::optional<Fields> trailers;
  std::vector<StreamError> resets;
  bool ended = false;
  std::size_t taken = 0;
  std::size_t waiting = 0;
};

/// Everything that was done with a try; outlives it.
struct Try {
  CallSpec spec;
  CallEvents* events = nullptr;
  bool ready = false;
  std::optional<RequestHead> head;
  std::string body;
  std::optional<Fields> trailers;
  bool ended = false;
  bool given = false;  ///< Destroyed.
  std::size_t taken = 0;
  std::size_t waiting = 0;
  CallPlace place;
};

class FakeCall final : public Call {
 public:
  explicit FakeCall(std::shared_ptr<Try> one) : try_(std::move(one)) {}
  ~FakeCall() override { try_->given = true; }
  bool ready() const override { return try_->ready; }
  void open(const RequestHead& head, bool end) override {
    EXPECT_FALSE(try_->head) << "opened twice";
    try_->head = head;
    try_->ended = end;
  }
  void send(std::string_view bytes, bool end) override {
    EXPECT_TRUE(try_->head) << "not open";
    EXPECT_FALSE(try_->ended) << "after the end";
    try_->body += bytes;
    try_->ended = end;
  }
  void sendTrailers(const Fields& trailers) override {
    EXPECT_FALSE(try_->ended) << "after the end";
    try_->trailers = trailers;
    try_->ended = true;
  }
  void consumed(std::size_t bytes) override { try_->taken += bytes; }
  std::size_t queued() const override { return try_->waiting; }
  const CallPlace& place() const override { return try_->place; }

 private:
  std::shared_ptr<Try> try_;
};

class ExchangeTest : public ::testing::Test, protected Upstreams, protected ExchangeOwner {
 protected:
  ExchangeTest() {
    rule.backends.push_back({"web"});
    info_.listener = "http";
    info_.version = HttpVersion::k2;
  }

  /// Begins a request; its body is still to come unless `end`.
  Exchange& begin(const std::string& method, bool end) {
    RequestHead head;
    head.method = method;
    head.scheme = "http";
    head.authority = "web.example";
    head.path = "/a";
    head.fields = fields;
    auto table = std::make_shared<RouteTable>();
    Listener listener;
    listener.name = "http";
    listener.hosts.push_back({"*", {rule}});
    table->listeners.push_back(std::make_shared<routing::Routes>(std::move(listener)));
    auto cluster = std::make_shared<Cluster>();
    cluster->name = "web";
    for (std::uint16_t port = 1; port <= upstreams; ++port) {
      cluster->upstreams.push_back({{IpAddress::v4(0x0a000000), port}, true, {}, {}});
    }
    table->clusters["web"] = std::move(cluster);
    table_ = std::move(table);
    exchange = std::make_unique<Exchange>(context_, static_cast<ExchangeOwner&>(*this), 1);
    exchange->request(std::move(head), end);
    return *exchange;
  }
  Try& last() { return *tries.back(); }
  void connect() { last().events->connected(); }
  static ResponseHead answer(int status, Fields fields = {}) {
    ResponseHead head;
    head.status = status;
    head.fields = std::move(fields);
    return head;
  }
  void fail(FailureCause cause, std::uint64_t written = 100, std::uint64_t acknowledged = 100,
            bool fin = false) {
    CallFailure failure;
    failure.failure = {cause, written, acknowledged, fin, false};
    last().events->failed(failure);
  }
  void failAs(CallFailure::Kind kind) {
    CallFailure failure;
    failure.kind = kind;
    last().events->failed(failure);
  }
  void advance(nanoseconds by) { clock.advance(by); }

  std::unique_ptr<Call> call(const CallSpec& spec, CallEvents& events) override {
    auto one = std::make_shared<Try>();
    one->spec = spec;
    one->events = &events;
    one->ready = readyAtOnce;
    one->place.upstream = {IpAddress::v4(0x0a000000), static_cast<std::uint16_t>(tries.size() + 1)};
    tries.push_back(one);
    return std::make_unique<FakeCall>(one);
  }
  ServerSession& session() override { return client; }
  const DownstreamInfo& info() const override { return info_; }
  void flush() override { ++flushes; }
  void over(StreamId, const RequestRecord& record) override {
    EXPECT_FALSE(ended) << "over twice";
    ended = record;
  }
  void wakeAt(StreamId, MonoTime time) override { wake = time; }
  void upgraded() override { ++upgrades; }
  Routed route(const RequestHead& head) override {
    return {table_, table_->listeners.front().get(), table_->listeners.front()->match(head)};
  }

  std::shared_ptr<const Cluster> cluster(const std::string& name) override {
    return table_->clusters.at(name);
  }

  std::uint16_t upstreams = 8;
  testing::FakeClock clock;
  testing::FakeRng rng;
  ReplayBudget budget;
  RouteRule rule;
  Fields fields;
  bool readyAtOnce = true;
  ExchangeContext context_{*this, clock, rng, budget, true};
  DownstreamInfo info_;
  std::shared_ptr<const RouteTable> table_;
  FakeServer client;
  std::vector<std::shared_ptr<Try>> tries;
  std::optional<RequestRecord> ended;
  std::optional<MonoTime> wake;
  int flushes = 0;
  int upgrades = 0;
  std::unique_ptr<Exchange> exchange;
};

}  // namespace hitless::proxy
