#include "core/dns/responder.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "testing/dns_zone.h"
#include "testing/fake_rng.h"

namespace hitless::dns {
namespace {

using testing::Bytes;
using testing::DnsAsk;
using testing::DnsReader;
using testing::DnsResponse;
using ::testing::ElementsAre;

const IpAddress kPod = *IpAddress::parse("10.1.1.7");
const IpAddress kStranger = *IpAddress::parse("10.9.9.9");

/// Upstreams that a test speaks for.
class FakeRecursor : public Recursor {
 public:
  std::size_t answerNow(const Query& query, Transport, MonoTime,
                        std::span<std::uint8_t> out) override {
    const auto it = cached.find(textOf(query.question.name()));
    if (it == cached.end()) {
      return 0;
    }
    std::copy(it->second.begin(), it->second.end(), out.begin());
    return it->second.size();
  }
  void ask(Ticket ticket, const Query& query, Transport) override {
    asked.emplace_back(ticket, textOf(query.question.name()));
  }
  std::map<std::string, Bytes> cached;
  std::vector<std::pair<Ticket, std::string>> asked;
};

kube::ObjectPtr pod(const std::string& uid, const std::string& ip, const std::string& more = "",
                    const std::string& phase = "Running") {
  return testing::object(fmt::format(
      R"({{"metadata":{{"name":"{0}","uid":"{0}","namespace":"default"}},"spec":{{{2}}},
          "status":{{"phase":"{3}","podIPs":[{{"ip":"{1}"}}]}}}})",
      uid, ip, more, phase));
}

/// A reply of an upstream with one address.
Bytes replyFor(const std::string& name, bool absent = false) {
  Bytes reply = testing::message({name});
  reply[2] |= 0x80;
  reply[3] |= absent ? 3 : 0;
  if (!absent) {
    reply[7] = 1;
    const Bytes record{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7};
    reply.insert(reply.end(), record.begin(), record.end());
  }
  return reply;
}

class ResponderTest : public ::testing::Test {
 protected:
  explicit ResponderTest(
      const ResponderOptions& options = {{seconds(2), 3, 2}, true, {true, true, true}, seconds(0)})
      : responder_(options, recursor_, rng_,
                   [this](const std::string& line) { log_.push_back(line); }) {
    zone_.load({testing::service("web", "10.96.0.10"), testing::service("db", "None")},
               {testing::slice("db", {{.ip = "10.0.1.1", .ready = false, .hostname = "db-0"}})});
    clients_.apply(testing::full({pod("p", "10.1.1.7")}));
  }
  View view() { return {zone_.zone, clients_, zone_.clock.mono()}; }

  /// The answer, if there is one at once.
  std::optional<DnsResponse> ask(const DnsAsk& query, const IpAddress& client = kPod) {
    return receive(testing::message(query), client);
  }
  std::optional<DnsResponse> receive(const Bytes& packet, const IpAddress& client = kPod) {
    const std::size_t size = responder_.receive(
        view(), {packet, Transport::kUdp, client, 4242}, zone_.clock.mono(), zone_.buffer, [this] {
          return [this](ByteView message) { later_.push_back(DnsReader(message).read()); };
        });
    return size == 0 ? std::nullopt : std::optional(DnsReader({zone_.buffer.data(), size}).read());
  }
  void upstream(const Bytes& reply) {
    const auto [ticket, name] = recursor_.asked.back();
    responder_.recursed(view(), ticket, reply, zone_.clock.mono());
  }
  void ready(const std::string& ip) {
    zone_.changeSlice(testing::slice("db", {{.ip = ip, .hostname = "db-0"}}));
    responder_.zoneChanged(view(), zone_.clock.mono());
  }

  testing::DnsZone zone_;
  Clients clients_{*Name::parse("cluster.local"), {}};
  testing::FakeRng rng_;
  FakeRecursor recursor_;
  std::vector<std::string> log_;
  Responder responder_;
  std::vector<DnsResponse> later_;
  const std::string db_ = "db-0.db.default.svc.cluster.local";
};

TEST_F(ResponderTest, AnswersOwnNamesAtOnce) {
  EXPECT_EQ(ask({"web.default.svc.cluster.local"})->answer.size(), 1U);
  EXPECT_TRUE(recursor_.asked.empty());
  EXPECT_EQ(responder_.traffic().own.requests[0][0][countedType(Type::kA)], 1U);
  ASSERT_EQ(log_.size(), 1U);
  EXPECT_TRUE(
      log_[0].starts_with("10.1.1.7:4242 - 4660 \"A IN web.default.svc.cluster.local. udp "
                          "47 false 512\" NOERROR qr,aa,rd 63 "))
      << log_[0];
}

class RepeatingResponderTest : public ResponderTest {
 protected:
  RepeatingResponderTest() : ResponderTest({{seconds(0), 3, 2}, true, {}, seconds(30)}) {}
};

TEST_F(RepeatingResponderTest, TellsTheOldAddressUntilItsTimeIsOver) {
  ready("10.0.1.9");
  const std::uint32_t ttl = zone_.zone.options().changingTtl;
  EXPECT_EQ(ask({db_})->answer.size(), 1U);
  ready("10.0.1.10");
  EXPECT_THAT(ask({db_})->answer, ElementsAre(::testing::EndsWith("A 10.0.1.9")));
  zone_.clock.advance(seconds(ttl));
  EXPECT_THAT(ask({db_})->answer, ElementsAre(::testing::EndsWith("A 10.0.1.10")));
}

TEST_F(RepeatingResponderTest, TellsThatANameIsAbsentUntilThatTimeIsOver) {
  EXPECT_TRUE(ask({db_})->answer.empty());
  ready("10.0.1.9");
  EXPECT_TRUE(ask({db_})->answer.empty());
  zone_.clock.advance(seconds(zone_.zone.options().negativeTtl));
  EXPECT_EQ(ask({db_})->answer.size(), 1U);
}

TEST_F(RepeatingResponderTest, KeepsNeitherErrorsNorWhatASearchFound) {
  recursor_.cached["www.example.com."] = replyFor("www.example.com");
  EXPECT_FALSE(ask({"www.example.com.default.svc.cluster.local"}));
  EXPECT_EQ(ask({"www.example.com.default.svc.cluster.local"}, kStranger)->rcode, Rcode::kNxDomain);
}

TEST_F(ResponderTest, OthersAreForwardedOrFromTheCache) {
  EXPECT_FALSE(ask({"example.com"}));
  ASSERT_EQ(recursor_.asked.size(), 1U);
  upstream(replyFor("example.com"));
  ASSERT_EQ(later_.size(), 1U);
  EXPECT_THAT(later_[0].answer, ElementsAre("example.com. 60 A 192.0.2.7"));
  recursor_.cached["example.com."] = replyFor("example.com");
  EXPECT_THAT(ask({"example.com"})->answer, ElementsAre("example.com. 60 A 192.0.2.7"));
}

TEST_F(ResponderTest, WithoutAnUpstreamsAnswerItIsServfail) {
  EXPECT_FALSE(ask({"example.com"}));
  upstream({});
  ASSERT_EQ(later_.size(), 1U);
  EXPECT_EQ(later_[0].rcode, Rcode::kServFail);
}

TEST_F(ResponderTest, WalksTheSearchListOfItsOwnPodsOnly) {
  const std::string name = "www.example.com.default.svc.cluster.local";
  EXPECT_EQ(ask({name}, kStranger)->rcode, Rcode::kNxDomain);
  EXPECT_FALSE(ask({name}));
  ASSERT_EQ(recursor_.asked.size(), 1U);
  EXPECT_EQ(recursor_.asked[0].second, "www.example.com.");
  upstream(replyFor("www.example.com"));
  ASSERT_EQ(later_.size(), 1U);
  EXPECT_THAT(later_[0].answer,
              ElementsAre(name + ". 1 CNAME www.example.com.", "www.example.com. 60 A 192.0.2.7"));
  EXPECT_EQ(responder_.traffic().searches, 1U);
  recursor_.cached["www.example.com."] = replyFor("www.example.com");
  EXPECT_FALSE(ask({name}));  // From the cache, but by the way of those who wait.
  EXPECT_EQ(later_.size(), 2U);
}

TEST_F(ResponderTest, AParkedQueryIsAnsweredTheMomentTheNameAppears) {
  EXPECT_FALSE(ask({db_}));
  EXPECT_TRUE(responder_.parked());
  EXPECT_EQ(responder_.deadline(), zone_.clock.mono() + seconds(2));
  ready("10.0.1.9");
  ASSERT_EQ(later_.size(), 1U);
  EXPECT_THAT(later_[0].answer, ElementsAre(db_ + ". 1 A 10.0.1.9"));
  EXPECT_FALSE(responder_.parked());
  EXPECT_EQ(responder_.traffic().parkedAnswered, 1U);
}

TEST_F(ResponderTest, AParkedQueryIsAnsweredInTheEndWhateverHappens) {
  EXPECT_FALSE(ask({db_}));
  zone_.clock.advance(seconds(2));
  responder_.tick(view(), zone_.clock.mono());
  ASSERT_EQ(later_.size(), 1U);
  EXPECT_EQ(later_[0].rcode, Rcode::kNxDomain);
  EXPECT_FALSE(responder_.deadline());
}

TEST_F(ResponderTest, ParkingIsBoundedForOneAndForAll) {
  EXPECT_FALSE(ask({db_}));
  EXPECT_FALSE(ask({db_}));
  EXPECT_EQ(ask({db_})->rcode, Rcode::kNxDomain);  // Its third.
  EXPECT_FALSE(ask({db_}, kStranger));
  EXPECT_EQ(ask({db_}, *IpAddress::parse("10.1.1.8"))->rcode, Rcode::kNxDomain);
  EXPECT_EQ(responder_.traffic().parkingFull, 2U);
  ready("10.0.1.9");
  EXPECT_EQ(later_.size(), 3U);
}

TEST_F(ResponderTest, MalformedMessagesAreAnsweredOrIgnored) {
  Bytes packet = testing::message({"web.default.svc.cluster.local"});
  packet[5] = 2;
  EXPECT_EQ(receive(packet)->rcode, Rcode::kFormErr);
  packet[5] = 1;
  packet[2] = 0x28;
  EXPECT_EQ(receive(packet)->rcode, Rcode::kNotImp);
  packet[2] = 0x80;
  EXPECT_FALSE(receive(packet));
  EXPECT_EQ(responder_.traffic().ignored, 1U);
  EXPECT_EQ(responder_.traffic().malformed, 2U);
}

TEST(DnsClients, KnowWhichPodsHaveTheClustersSearchList) {
  Clients clients(*Name::parse("cluster.local"), {*Name::parse("corp.example")});
  clients.apply(testing::full({pod("a", "10.1.1.1"), pod("b", "10.1.1.2", R"("hostNetwork":true)"),
                               pod("c", "10.1.1.3", R"("dnsPolicy":"None")"),
                               pod("d", "10.1.1.4", R"("dnsConfig":{"searches":["x"]})"),
                               pod("e", "10.1.1.5", "", "Succeeded")}));
  const std::vector<Name>* search = clients.searchOf(*IpAddress::parse("10.1.1.1"));
  ASSERT_NE(search, nullptr);
  EXPECT_EQ(search->front().text(), "default.svc.cluster.local.");
  EXPECT_EQ(search->back().text(), "corp.example.");
  EXPECT_EQ(clients.size(), 1U);
  // The address is used again before the former pod is gone from the API.
  clients.apply(testing::upsert(pod("f", "10.1.1.1"), 2));
  clients.apply(testing::erased(pod("a", "10.1.1.1"), 3));
  EXPECT_NE(clients.searchOf(*IpAddress::parse("10.1.1.1")), nullptr);
  clients.apply(testing::erased(pod("f", "10.1.1.1"), 4));
  EXPECT_EQ(clients.searchOf(*IpAddress::parse("10.1.1.1")), nullptr);
}

TEST(DnsLog, ClassesAreReadAndChecked) {
  const LogClasses classes = *LogClasses::parse("denial,error");
  EXPECT_TRUE(classes.denial && classes.error && !classes.success);
  EXPECT_FALSE(LogClasses::parse("all,some"));
}

/// Queries as clients send them, to begin from.
std::vector<Bytes> corpus() {
  std::vector<Bytes> packets;
  for (const char* name :
       {"web.default.svc.cluster.local", "db.default.svc.cluster.local",
        "_http._tcp.web.default.svc.cluster.local", "10.0.96.10.in-addr.arpa", "cluster.local",
        "generation.cluster.local", "1-2-3-4.default.pod.cluster.local", "example.com", "."}) {
    for (const Type type : {Type::kA, Type::kSrv, Type::kPtr, Type::kTxt, Type::kSoa, Type::kAny}) {
      packets.push_back(testing::message({.name = name, .type = type}));
      packets.push_back(testing::message({.name = name, .type = type, .edns = 1232}));
    }
  }
  return packets;
}

void answerSafely(const Bytes& packet) {
  static testing::DnsZone zone;
  static Clients clients(*Name::parse("cluster.local"), {});
  static testing::FakeRng rng;
  static FakeRecursor recursor;
  static Responder responder({}, recursor, rng);
  if (!zone.zone.ready()) {
    zone.load({testing::service("web", "10.96.0.10"), testing::service("db", "None")},
              {testing::slice("db", {{.ip = "10.0.1.1", .hostname = "db-0"}})});
  }
  // Buffers of exactly the size let the sanitizer see one byte too far.
  const std::unique_ptr<std::uint8_t[]> in(new std::uint8_t[packet.size()]);
  std::copy(packet.begin(), packet.end(), in.get());
  const std::unique_ptr<std::uint8_t[]> out(new std::uint8_t[kMaxUdpSize]);
  const std::size_t size = responder.receive(
      {zone.zone, clients, {}}, {{in.get(), packet.size()}, Transport::kUdp, kPod, 1}, {},
      {out.get(), kMaxUdpSize}, [] { return [](ByteView) {}; });
  Query query;
  const bool parsed = parseQuery({in.get(), packet.size()}, query) == QueryFault::kNone;
  RC_ASSERT(size <= (parsed ? query.limit(Transport::kUdp) : kPlainUdpSize));
  if (size > 0) {
    RC_ASSERT(DnsReader({out.get(), size}).read().id == readU16(packet, 0));
  }
}

TEST(DnsQueryHandling, AnswersItsCorpus) {
  for (const Bytes& packet : corpus()) {
    answerSafely(packet);
  }
}

RC_GTEST_PROP(DnsQueryHandlingProperty, AnyBytesGetAWholeAnswerOrNone, ()) {
  static const std::vector<Bytes> seeds = corpus();
  Bytes packet = *rc::gen::elementOf(seeds);
  const int edits = *rc::gen::inRange(0, 8);
  for (int i = 0; i < edits && !packet.empty(); ++i) {
    const auto at = static_cast<std::ptrdiff_t>(*rc::gen::inRange<std::size_t>(0, packet.size()));
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        packet[static_cast<std::size_t>(at)] = *rc::gen::arbitrary<std::uint8_t>();
        break;
      case 1:
        packet.resize(static_cast<std::size_t>(at));
        break;
      case 2:
        packet.insert(packet.begin() + at, *rc::gen::arbitrary<std::uint8_t>());
        break;
      default:
        packet[static_cast<std::size_t>(at)] ^=
            static_cast<std::uint8_t>(1 << *rc::gen::inRange(0, 8));
    }
  }
  answerSafely(packet);
}

}  // namespace
}  // namespace hitless::dns
