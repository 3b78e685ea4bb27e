#include "core/load/name_lookup.h"

#include <gtest/gtest.h>

#include "core/dns/message_writer.h"
#include "core/dns/query.h"
#include "testing/fake_rng.h"

namespace hitless::load {
namespace {

using Step = NameLookup::Step;

const IpAddress kFirst = *IpAddress::parse("10.96.0.10");
const IpAddress kSecond = *IpAddress::parse("10.96.0.11");
const IpAddress kPod = *IpAddress::parse("10.0.0.1");
const IpAddress kPod6 = *IpAddress::parse("fd00::1");

NameServers podServers() {
  NameServers servers;
  servers.servers = {kFirst, kSecond};
  servers.searches = {"default.svc.cluster.local", "cluster.local"};
  servers.ndots = 5;
  return servers;
}

dns::Query parsed(const std::vector<std::uint8_t>& bytes) {
  dns::Query query;
  EXPECT_EQ(dns::parseQuery(bytes, query), dns::QueryFault::kNone);
  return query;
}

/// The reply of a name server that holds these addresses.
std::vector<std::uint8_t> reply(const std::vector<std::uint8_t>& asked,
                                const std::vector<IpAddress>& addresses,
                                dns::Rcode rcode = dns::Rcode::kNoError) {
  const dns::Query query = parsed(asked);
  std::vector<std::uint8_t> out(dns::kPlainUdpSize);
  dns::MessageWriter writer(out, out.size(), query);
  for (const IpAddress& address : addresses) {
    const bool wanted = address.isV4() == (query.question.type == dns::Type::kA);
    if (wanted) {
      writer.address(dns::Section::kAnswer, query.question.name(), 5, address);
    }
  }
  dns::MessageWriter::Ending ending;
  ending.rcode = rcode;
  out.resize(writer.finish(ending));
  return out;
}

std::string askedName(const NameLookup& lookup) {
  return dns::textOf(parsed(lookup.queries()[0]).question.name());
}

/// Both replies to the present queries.
Step answer(NameLookup& lookup, const std::vector<IpAddress>& addresses,
            dns::Rcode rcode = dns::Rcode::kNoError) {
  const auto queries = lookup.queries();
  const Step first = lookup.onReply(reply(queries[1], addresses, rcode));
  return first == Step::kWait ? lookup.onReply(reply(queries[0], addresses, rcode)) : first;
}

TEST(LoadNameLookup, WalksTheSearchListToTheFirstNameWithAnAddress) {
  testing::FakeRng rng;
  NameLookup lookup("web-0.web", podServers(), rng);
  ASSERT_EQ(lookup.start(), Step::kSend);
  ASSERT_EQ(lookup.queries().size(), 2U);
  EXPECT_EQ(askedName(lookup), "web-0.web.default.svc.cluster.local.");
  EXPECT_TRUE(parsed(lookup.queries()[0]).recursionDesired);
  EXPECT_EQ(parsed(lookup.queries()[0]).question.type, dns::Type::kA);
  EXPECT_EQ(parsed(lookup.queries()[1]).question.type, dns::Type::kAaaa);
  ASSERT_EQ(answer(lookup, {}, dns::Rcode::kNxDomain), Step::kSend);
  EXPECT_EQ(askedName(lookup), "web-0.web.cluster.local.");
  ASSERT_EQ(answer(lookup, {}), Step::kSend) << "a name without addresses";
  EXPECT_EQ(askedName(lookup), "web-0.web.");
  EXPECT_EQ(answer(lookup, {kPod6, kPod}), Step::kDone);
  EXPECT_EQ(lookup.addresses(), (std::vector<IpAddress>{kPod, kPod6}));
}

TEST(LoadNameLookup, EnoughDotsComeFirstAndAFinalDotIsAlone) {
  testing::FakeRng rng;
  NameServers servers = podServers();
  servers.ndots = 2;
  NameLookup dotted("a.b.c", servers, rng);
  dotted.start();
  EXPECT_EQ(askedName(dotted), "a.b.c.");
  EXPECT_EQ(answer(dotted, {}, dns::Rcode::kNxDomain), Step::kSend);
  NameLookup absolute("a.", servers, rng);
  absolute.start();
  EXPECT_EQ(askedName(absolute), "a.");
  EXPECT_EQ(answer(absolute, {}, dns::Rcode::kNxDomain), Step::kDone);
  EXPECT_EQ(absolute.error(), "no address for a.");
}

TEST(LoadNameLookup, GoesToTheNextServerAndGivesUpInTheEnd) {
  testing::FakeRng rng;
  NameLookup lookup("web.", podServers(), rng);
  lookup.start();
  EXPECT_EQ(lookup.server(), kFirst);
  EXPECT_EQ(lookup.onTimeout(), Step::kSend);
  EXPECT_EQ(lookup.server(), kSecond);
  EXPECT_EQ(answer(lookup, {}, dns::Rcode::kServFail), Step::kSend);
  EXPECT_EQ(lookup.server(), kFirst);
  EXPECT_EQ(lookup.onTimeout(), Step::kSend);
  EXPECT_EQ(lookup.onTimeout(), Step::kDone);
  EXPECT_TRUE(lookup.addresses().empty());
  EXPECT_EQ(lookup.error(), "10.96.0.11 says SERVFAIL for web.");
  NameLookup nobody("web", {}, rng);
  EXPECT_EQ(nobody.start(), Step::kDone);
  EXPECT_EQ(nobody.error(), "no name server is known");
}

TEST(LoadNameLookup, HearsOnlyRepliesToItsOwnQuestions) {
  testing::FakeRng rng;
  NameLookup lookup("web.", podServers(), rng);
  lookup.start();
  auto stranger = reply(lookup.queries()[0], {kPod});
  stranger[0] ^= 1;
  EXPECT_EQ(lookup.onReply(stranger), Step::kWait);
  EXPECT_EQ(lookup.onReply({}), Step::kWait);
  NameLookup other("bew.", podServers(), rng);
  other.start();
  EXPECT_EQ(lookup.onReply(reply(other.queries()[0], {kPod})), Step::kWait);
  EXPECT_EQ(answer(lookup, {kPod}), Step::kDone);
  EXPECT_EQ(lookup.addresses(), std::vector<IpAddress>{kPod});
}

TEST(LoadNameLookup, SurvivesAnyReply) {
  testing::FakeRng rng;
  for (int round = 0; round < 20'000; ++round) {
    NameLookup lookup("web.", podServers(), rng);
    lookup.start();
    auto bytes = reply(lookup.queries()[0], {kPod, kPod});
    for (std::uint64_t i = rng.below(6); i > 0; --i) {
      bytes[2 + rng.below(bytes.size() - 2)] = static_cast<std::uint8_t>(rng.next());
    }
    bytes.resize(bytes.size() - rng.below(bytes.size()));
    lookup.onReply(bytes);
    ASSERT_LE(lookup.addresses().size(), 2U);
  }
}

TEST(LoadNameLookup, ReadsWhatAPodsResolverReads) {
  const auto conf = dns::parseResolvConf(
      "search default.svc.cluster.local cluster.local\nnameserver 10.96.0.10\n"
      "nameserver nonsense\noptions ndots:5\n");
  const NameServers servers = nameServersOf(conf, {});
  EXPECT_EQ(servers.servers, std::vector<IpAddress>{kFirst});
  EXPECT_EQ(servers.ndots, 5U);
  EXPECT_EQ(servers.searches.size(), 2U);
  EXPECT_EQ(nameServersOf(conf, kSecond).servers, std::vector<IpAddress>{kSecond});
  EXPECT_EQ(nameServersOf({}, {}).ndots, 1U);
}

TEST(LoadNameLookup, LocalhostIsAskedOfNobody) {
  testing::FakeRng rng;
  NameLookup lookup("localhost", podServers(), rng);
  EXPECT_EQ(lookup.start(), Step::kDone);
  EXPECT_EQ(lookup.addresses().front(), *IpAddress::parse("127.0.0.1"));
}

}  // namespace
}  // namespace hitless::load
