#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <memory>
#include <set>

#include "core/proxy/http2/frames_fixture.h"
#include "core/proxy/http2/sessions_fixture.h"
#include "testing/fake_rng.h"

/// Two sessions whose handlers do anything that handlers may, on a wire that changes bytes. What
/// comes out of it is not the question: nothing may crash, and no handler may be told nonsense.
namespace hitless::proxy::http2 {
namespace {

using hitless::testing::FakeRng;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : rng_(seed) {}
  std::size_t below(std::size_t count) { return count == 0 ? 0 : rng_.next() % count; }
  bool once(std::size_t in) { return below(in) == 0; }
  std::size_t size() { return below(once(20) ? 100'000 : 300); }

 private:
  FakeRng rng_;
};

Fields someFields(Dice& dice) {
  static const std::vector<std::string> names = {"a",          "x-long-name", "te",
                                                 "connection", "cookie",      "content-type",
                                                 "expect",     ":path",       "bad name"};
  Fields fields;
  for (std::size_t i = dice.below(4); i > 0; --i) {
    fields.add(names[dice.below(names.size())], std::string(dice.size() % 5000, 'v'));
  }
  return fields;
}

StreamError someError(Dice& dice) {
  return static_cast<StreamError>(dice.below(7));
}

/// What holds for both sides: events name streams that live, and come only when they may.
template <typename Side, typename Events>
class Wild : public Events {
 public:
  explicit Wild(Dice& dice) : dice_(dice) {}

  void data(StreamId id, std::string_view bytes, bool end) override {
    expectAlive(id);
    RC_ASSERT(ended_.count(id) == 0U);
    sum_ += bytes.empty() ? 0 : static_cast<std::uint8_t>(bytes.back());  // Reads it, for ASan.
    held_[id] += bytes.size();
    RC_ASSERT(held_[id] <= Http2Options().streamWindow + 16'384U);  // The frame that breaks it.
    end ? ended(id) : void();
    act(id);
  }
  void trailers(StreamId id, Fields) override {
    expectAlive(id);
    RC_ASSERT(ended_.count(id) == 0U);
    ended(id);
    act(id);
  }
  void reset(StreamId id, StreamError) override {
    expectAlive(id);
    alive_.erase(id);
    RC_ASSERT(session->queued(id) == 0U);
    session->send(id, "late", true);
    session->consumed(id, 10);
    act(0);
  }
  void drained(StreamId id) override {
    expectAlive(id);
    RC_ASSERT(session->queued(id) <= kLowWater);
  }

  /// One thing that a handler does, with a stream, or with any.
  void act(StreamId id) {
    if (id == 0 && !alive_.empty()) {
      id = *std::next(alive_.begin(), static_cast<std::ptrdiff_t>(dice_.below(alive_.size())));
    }
    switch (dice_.below(9)) {
      case 0:
      case 1:
        return session->send(id, std::string(dice_.size(), 'b'), dice_.once(3));
      case 2:
        return session->sendTrailers(id, someFields(dice_));
      case 3:
        if (dice_.once(4)) {
          alive_.erase(id);
          session->reset(id, someError(dice_));
        }
        return;
      case 4:
      case 5:
        session->consumed(id, held_[id]);
        held_[id] = 0;
        return;
      case 6:
        return write(dice_.below(1000));
      default:
        return more(id);
    }
  }
  virtual void more(StreamId) {}

  void write(std::size_t limit) {
    const bool before = std::exchange(writing, true);
    const std::string_view out = session->output();
    const std::size_t count = std::min(limit, out.size());
    wire.append(out.substr(0, count));
    writing = before;
    session->wrote(count);
  }

  Side* session = nullptr;
  std::string wire;  ///< Written, not on its way yet.
  bool writing = false;

 protected:
  void begin(StreamId id) {
    RC_ASSERT(!writing);
    RC_ASSERT(alive_.insert(id).second);
  }
  void expectAlive(StreamId id) {
    RC_ASSERT(!writing);
    RC_ASSERT(alive_.count(id) == 1U);
  }
  void ended(StreamId id) { ended_.insert(id); }

  Dice& dice_;
  std::set<StreamId> alive_;  ///< Named by an event and neither reset nor given up.
  std::set<StreamId> ended_;
  std::map<StreamId, std::size_t> held_;
  std::size_t sum_ = 0;
};

class WildServer : public Wild<ServerSession, ServerEvents> {
 public:
  using Wild::Wild;
  void request(StreamId id, RequestHead head, bool end) override {
    begin(id);
    RC_ASSERT(!head.method.empty());
    RC_ASSERT(head.fields.bytes() <= Http2Options().headerListBytes + 1000U);
    end ? ended(id) : void();
    act(id);
  }
  void refused(int, std::string_view details) override {
    RC_ASSERT(!writing);
    RC_ASSERT(!details.empty());
  }
  void more(StreamId id) override {
    if (dice_.once(200)) {
      session->notice();
    }
    static const std::vector<int> statuses = {200, 200, 204, 304, 500, 100, 101, 103};
    ResponseHead head = status(statuses[dice_.below(statuses.size())], someFields(dice_));
    if (dice_.once(3)) {
      head.contentLength = dice_.size();
    }
    session->respond(id, head, dice_.once(3));
  }
};

class WildClient : public Wild<ClientSession, ClientEvents> {
 public:
  using Wild::Wild;
  void interim(StreamId id, ResponseHead head) override {
    expectAlive(id);
    RC_ASSERT(head.status < 200 && head.status != 101);
  }
  void response(StreamId id, ResponseHead head, bool end) override {
    expectAlive(id);
    RC_ASSERT(head.status >= 200 || !head.upgrade.empty());
    end ? ended(id) : void();
    act(id);
  }
  void openable() override { act(0); }
  void more(StreamId) override {
    if (session->opens() == 0) {
      return;
    }
    static const std::vector<std::string> methods = {"GET", "POST", "HEAD", "CONNECT", "b d"};
    RequestHead head = get("/" + std::string(dice_.below(50), 'p'));
    head.method = methods[dice_.below(methods.size())];
    head.fields = someFields(dice_);
    head.upgrade = dice_.once(8) ? "websocket" : "";
    if (dice_.once(5)) {
      head.contentLength = dice_.size();
    }
    begin(session->open(head, dice_.once(2)));
  }
};

/// Changes a byte here and there, cuts, doubles, or lets pass.
std::string bend(std::string bytes, Dice& dice, std::size_t rarely) {
  if (bytes.empty() || !dice.once(rarely)) {
    return bytes;
  }
  const std::size_t at = dice.below(bytes.size());
  switch (dice.below(5)) {
    case 0:
      bytes[at] = static_cast<char>(dice.below(256));
      return bytes;
    case 1:
      return bytes.substr(0, at);
    case 2:
      return bytes + bytes.substr(at);
    case 3:
      return bytes.insert(at, frame(static_cast<std::uint8_t>(dice.below(11)),
                                    static_cast<std::uint8_t>(dice.below(256)),
                                    static_cast<std::uint32_t>(dice.below(12)),
                                    std::string(dice.below(20), static_cast<char>(dice.below(4)))));
    default:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << dice.below(8)));
      return bytes;
  }
}

/// In memory of exactly this size, so that a sanitizer sees who reads on.
void feed(Session& to, std::string_view bytes, Dice& dice) {
  while (!bytes.empty()) {
    const std::size_t count = dice.once(2) ? bytes.size() : 1 + dice.below(bytes.size());
    const std::unique_ptr<char[]> exact(new char[count]);
    std::memcpy(exact.get(), bytes.data(), count);
    to.receive({exact.get(), count});
    bytes.remove_prefix(count);
  }
}

template <typename Handler>
std::string say(Handler& handler, Dice& dice) {
  handler.write(dice.once(4) ? dice.below(1000) : std::string::npos);
  return std::exchange(handler.wire, {});
}

void converse(std::uint64_t seed, std::size_t rarely) {
  Dice dice(seed);
  WildServer atServer(dice);
  WildClient atClient(dice);
  Http2ServerSession server(atServer);
  Http2ClientSession client(atClient);
  atServer.session = &server;
  atClient.session = &client;
  for (std::size_t step = 0; step < 120; ++step) {
    atClient.act(0);
    feed(server, bend(say(atClient, dice), dice, rarely), dice);
    atServer.act(0);
    feed(client, bend(say(atServer, dice), dice, rarely), dice);
  }
  server.receiveEnd();
  client.receiveEnd();
  RC_ASSERT(server.active() + client.active() == 0U);
  RC_ASSERT(!server.reads() && !client.reads());
  server.wrote(server.output().size());
  client.wrote(client.output().size());
  RC_ASSERT(server.finished() && client.finished());
}

RC_GTEST_PROP(ProxyHttp2Fuzz, SurvivesAWireThatChangesBytes, ()) {
  converse(*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::element(5, 20, 100));
}

RC_GTEST_PROP(ProxyHttp2Fuzz, SurvivesWildHandlersOnASoundWire, ()) {
  converse(*rc::gen::arbitrary<std::uint64_t>(), std::size_t{1} << 40);
}

RC_GTEST_PROP(ProxyHttp2Fuzz, SurvivesNoise, ()) {
  const auto noise = *rc::gen::arbitrary<std::string>();
  Dice dice(*rc::gen::arbitrary<std::uint64_t>());
  const bool greeted = *rc::gen::arbitrary<bool>();
  RecordingServer serverEvents;
  RecordingClient clientEvents;
  Http2ServerSession server(serverEvents);
  Http2ClientSession client(clientEvents);
  feed(server, (greeted ? std::string(kPreface) + settingsFrame() : std::string()) + noise, dice);
  feed(client, (greeted ? settingsFrame() : std::string()) + noise, dice);
  take(server);
  take(client);
}

}  // namespace
}  // namespace hitless::proxy::http2
