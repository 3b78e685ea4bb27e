#include "core/dns/answer.h"

#include <gmock/gmock.h>

#include "testing/dns_zone.h"

namespace hitless::dns {
namespace {

using testing::DnsAsk;
using testing::DnsResponse;
using testing::DnsZone;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

kube::ObjectPtr headless(const std::string& name, const std::string& more = {}) {
  return testing::service(name, "None", {{"http", "TCP", 80}}, more);
}

kube::ObjectPtr external(const std::string& name, const std::string& target) {
  return testing::object(fmt::format(
      R"({{"metadata":{{"name":"{}","namespace":"default"}},
          "spec":{{"type":"ExternalName","externalName":"{}","ports":[{{"name":"x","port":80}}]}}}})",
      name, target));
}

DnsZone cluster() {
  DnsZone zone;
  zone.load(
      {testing::service("web", "10.96.0.10,fd00:96::10", {{"http", "TCP", 80}, {"", "UDP", 53}},
                        R"("ipFamilies":["IPv4","IPv6"])"),
       headless("db"), headless("empty"), external("docs", "docs.example.com"),
       external("alias", "web.default.svc.cluster.local"),
       external("loop", "loop.default.svc.cluster.local"), external("literal", "192.0.2.1"),
       external("dangling", "nothing.default.svc.cluster.local")},
      {testing::slice("web", {{"10.0.0.1"}, {"10.0.0.2"}}),
       testing::slice("db", {{.ip = "10.0.1.1", .hostname = "db-0"},
                             {.ip = "10.0.1.2", .hostname = "db-1"},
                             {.ip = "10.0.1.3", .ready = false, .hostname = "db-2"}})});
  return zone;
}

constexpr const char* kSoa =
    "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. minimum 5";

TEST(DnsAnswer, AddressesOfAService) {
  DnsZone zone = cluster();
  const DnsResponse v4 = zone.ask({"web.default.svc.cluster.local"});
  EXPECT_THAT(v4.answer, ElementsAre("web.default.svc.cluster.local. 5 A 10.96.0.10"));
  EXPECT_TRUE(v4.authoritative());
  EXPECT_EQ(v4.flags & 0x0180, 0x0100);  // RD copied, RA not set.
  const DnsResponse v6 = zone.ask({"web.default.svc.cluster.local", Type::kAaaa});
  EXPECT_THAT(v6.answer, ElementsAre("web.default.svc.cluster.local. 5 AAAA fd00:96::10"));
  const DnsResponse none = zone.ask({"db.default.svc.cluster.local", Type::kAaaa});
  EXPECT_EQ(none.rcode, Rcode::kNoError);
  EXPECT_THAT(none.answer, IsEmpty());
}

TEST(DnsAnswer, TheClientsSpellingIsEchoed) {
  DnsZone zone = cluster();
  const DnsResponse answer = zone.ask({"wEb.DEFAULT.svc.cluster.LOCAL"});
  EXPECT_EQ(answer.question, "wEb.DEFAULT.svc.cluster.LOCAL.");
  EXPECT_THAT(answer.answer, ElementsAre("wEb.DEFAULT.svc.cluster.LOCAL. 5 A 10.96.0.10"));
}

TEST(DnsAnswer, HeadlessNamesHoldTheReadyEndpoints) {
  DnsZone zone = cluster();
  const std::string name = "db.default.svc.cluster.local";
  EXPECT_THAT(zone.ask({name}).answer,
              UnorderedElementsAre(name + ". 1 A 10.0.1.1", name + ". 1 A 10.0.1.2"));
  EXPECT_THAT(zone.ask({"db-1." + name}).answer, ElementsAre("db-1." + name + ". 1 A 10.0.1.2"));
  EXPECT_THAT(zone.ask({"10-0-1-1." + name}).answer,
              ElementsAre("10-0-1-1." + name + ". 1 A 10.0.1.1"));
  EXPECT_EQ(zone.ask({"db-2." + name}).rcode, Rcode::kNxDomain);
  EXPECT_EQ(zone.ask({"10-0-1-3." + name}).rcode, Rcode::kNxDomain);
  EXPECT_THAT(zone.ask({"10-0-0-2.web.default.svc.cluster.local"}).answer,
              ElementsAre("10-0-0-2.web.default.svc.cluster.local. 5 A 10.0.0.2"));
}

TEST(DnsAnswer, AnEmptyHeadlessServiceHasNoName) {
  DnsZone zone = cluster();
  const DnsResponse answer = zone.ask({"empty.default.svc.cluster.local"});
  EXPECT_EQ(answer.rcode, Rcode::kNxDomain);
  EXPECT_THAT(answer.authority, ElementsAre(kSoa));
}

TEST(DnsAnswer, TerminatingEndpointsStandInWithoutBeingRemembered) {
  DnsZone zone = cluster();
  zone.changeSlice(testing::slice(
      "db", {{.ip = "10.0.1.1", .ready = false, .terminating = true, .hostname = "db-0"}}));
  EXPECT_THAT(zone.ask({"db.default.svc.cluster.local"}).answer,
              ElementsAre("db.default.svc.cluster.local. 0 A 10.0.1.1"));
  EXPECT_THAT(zone.ask({"db-0.db.default.svc.cluster.local"}).answer,
              ElementsAre("db-0.db.default.svc.cluster.local. 0 A 10.0.1.1"));
}

TEST(DnsAnswer, ServiceRecords) {
  DnsZone zone = cluster();
  const std::string web = "web.default.svc.cluster.local";
  const DnsResponse named = zone.ask({"_http._tcp." + web, Type::kSrv});
  EXPECT_THAT(named.answer, ElementsAre("_http._tcp." + web + ". 5 SRV 0 100 80 " + web + "."));
  EXPECT_THAT(named.additional,
              ElementsAre(web + ". 5 A 10.96.0.10", web + ". 5 AAAA fd00:96::10"));
  EXPECT_EQ(zone.ask({"http.tcp." + web, Type::kSrv}).answer.size(), 1U);
  EXPECT_THAT(
      zone.ask({web, Type::kSrv}).answer,
      ElementsAre(web + ". 5 SRV 0 50 80 " + web + ".", web + ". 5 SRV 0 50 53 " + web + "."));
  EXPECT_THAT(zone.ask({"_http._tcp." + web}).answer,
              ElementsAre("_http._tcp." + web + ". 5 A 10.96.0.10"));
  EXPECT_EQ(zone.ask({"_http._udp." + web, Type::kSrv}).rcode, Rcode::kNxDomain);
  EXPECT_EQ(zone.ask({"_tcp." + web, Type::kSrv}).rcode, Rcode::kNoError);
  EXPECT_EQ(zone.ask({"_sctp." + web, Type::kSrv}).rcode, Rcode::kNxDomain);

  const std::string db = "db.default.svc.cluster.local";
  const DnsResponse many = zone.ask({"_http._tcp." + db, Type::kSrv});
  EXPECT_THAT(many.answer,
              UnorderedElementsAre("_http._tcp." + db + ". 1 SRV 0 50 8080 db-0." + db + ".",
                                   "_http._tcp." + db + ". 1 SRV 0 50 8080 db-1." + db + "."));
  EXPECT_THAT(many.additional,
              ElementsAre("db-0." + db + ". 1 A 10.0.1.1", "db-1." + db + ". 1 A 10.0.1.2"));
}

TEST(DnsAnswer, NamesThatExistWithoutDataAreNotAbsent) {
  DnsZone zone = cluster();
  for (const char* name :
       {"cluster.local", "svc.cluster.local", "pod.cluster.local", "default.svc.cluster.local",
        "default.pod.cluster.local", "dns.cluster.local", "dns-version.cluster.local"}) {
    const DnsResponse answer = zone.ask({name});
    EXPECT_EQ(answer.rcode, Rcode::kNoError) << name;
    EXPECT_THAT(answer.answer, IsEmpty()) << name;
    EXPECT_THAT(answer.authority, ElementsAre(kSoa)) << name;
  }
  for (const char* name :
       {"nowhere.svc.cluster.local", "x.nowhere.svc.cluster.local", "nowhere.pod.cluster.local",
        "x.cluster.local", "*.default.svc.cluster.local", "a.b.c.web.default.svc.cluster.local",
        "x.dns.cluster.local"}) {
    const DnsResponse answer = zone.ask({name});
    EXPECT_EQ(answer.rcode, Rcode::kNxDomain) << name;
    EXPECT_THAT(answer.authority, ElementsAre(kSoa)) << name;
  }
  for (const Type type : {Type::kMx, Type::kAny, static_cast<Type>(65), Type::kCname}) {
    EXPECT_EQ(zone.ask({"web.default.svc.cluster.local", type}).rcode, Rcode::kNoError);
    EXPECT_EQ(zone.ask({"nothing.default.svc.cluster.local", type}).rcode, Rcode::kNxDomain);
  }
}

TEST(DnsAnswer, ReverseNames) {
  DnsZone zone = cluster();
  EXPECT_THAT(zone.ask({"10.0.96.10.in-addr.arpa", Type::kPtr}).answer,
              ElementsAre("10.0.96.10.in-addr.arpa. 5 PTR web.default.svc.cluster.local."));
  EXPECT_THAT(zone.ask({"1.1.0.10.in-addr.arpa", Type::kPtr}).answer,
              ElementsAre("1.1.0.10.in-addr.arpa. 5 PTR db-0.db.default.svc.cluster.local."));
  EXPECT_THAT(zone.ask({"1.0.0.10.in-addr.arpa", Type::kPtr}).answer,
              ElementsAre("1.0.0.10.in-addr.arpa. 5 PTR 10-0-0-1.web.default.svc.cluster.local."));
  const std::string v6 = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.0.d.f.ip6.arpa";
  EXPECT_THAT(zone.ask({v6, Type::kPtr}).answer,
              ElementsAre(v6 + ". 5 PTR web.default.svc.cluster.local."));
  for (const char* other : {"3.1.0.10.in-addr.arpa", "0.10.in-addr.arpa", "256.0.0.10.in-addr.arpa",
                            "x.0.0.10.in-addr.arpa", "example.com"}) {
    EXPECT_EQ(zone.outcome({other, Type::kPtr}).action, Outcome::Action::kForward) << other;
  }
}

TEST(DnsAnswer, ExternalNames) {
  DnsZone zone = cluster();
  const Outcome outside = zone.outcome({"docs.default.svc.cluster.local"});
  EXPECT_EQ(outside.action, Outcome::Action::kFollow);
  EXPECT_EQ(outside.followUp.candidates.front().text(), "docs.example.com.");
  EXPECT_THAT(zone.ask({"docs.default.svc.cluster.local", Type::kCname}).answer,
              ElementsAre("docs.default.svc.cluster.local. 5 CNAME docs.example.com."));
  EXPECT_THAT(zone.ask({"alias.default.svc.cluster.local"}).answer,
              ElementsAre("alias.default.svc.cluster.local. 5 CNAME web.default.svc.cluster.local.",
                          "web.default.svc.cluster.local. 5 A 10.96.0.10"));
  EXPECT_EQ(zone.ask({"loop.default.svc.cluster.local"}).rcode, Rcode::kServFail);
  const DnsResponse literal = zone.ask({"literal.default.svc.cluster.local"});
  EXPECT_EQ(literal.rcode, Rcode::kNoError);
  EXPECT_THAT(literal.answer, IsEmpty());
  EXPECT_EQ(zone.ask({"_x._tcp.docs.default.svc.cluster.local", Type::kSrv}).rcode,
            Rcode::kNxDomain);
  const DnsResponse dangling = zone.ask({"dangling.default.svc.cluster.local"});
  EXPECT_EQ(dangling.rcode, Rcode::kNxDomain);
  EXPECT_EQ(dangling.answer.size(), 1U);
}

TEST(DnsAnswer, TheEndOfAnExternalNameIsCopiedFromTheUpstream) {
  DnsZone zone = cluster();
  Outcome outcome = zone.outcome({"docs.default.svc.cluster.local"});
  // The reply uses pointers that mean nothing in our message.
  testing::Bytes reply = testing::message({"docs.example.com"});
  reply[2] |= 0x80;
  reply[7] = 2;
  const testing::Bytes records{0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 3,   'w', 'w', 'w',
                               0xc0, 17,  // www.example.com
                               0xc0, 46, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0,   2,   7};
  reply.insert(reply.end(), records.begin(), records.end());
  outcome = followed(zone.zone, zone.parsed, zone.context, outcome.followUp, reply, zone.buffer);
  ASSERT_EQ(outcome.action, Outcome::Action::kSend);
  EXPECT_THAT(testing::DnsReader({zone.buffer.data(), outcome.size}).read().answer,
              ElementsAre("docs.default.svc.cluster.local. 5 CNAME docs.example.com.",
                          "docs.example.com. 60 CNAME www.example.com.",
                          "www.example.com. 30 A 192.0.2.7"));
  const Outcome failed =
      followed(zone.zone, zone.parsed, zone.context,
               zone.outcome({"docs.default.svc.cluster.local"}).followUp, {}, zone.buffer);
  EXPECT_EQ(failed.rcode, Rcode::kServFail);
}

TEST(DnsAnswer, PodNames) {
  DnsZone zone = cluster();
  EXPECT_THAT(zone.ask({"10-1-2-3.default.pod.cluster.local"}).answer,
              ElementsAre("10-1-2-3.default.pod.cluster.local. 5 A 10.1.2.3"));
  EXPECT_THAT(zone.ask({"fd00--7.default.pod.cluster.local", Type::kAaaa}).answer,
              ElementsAre("fd00--7.default.pod.cluster.local. 5 AAAA fd00::7"));
  EXPECT_EQ(zone.ask({"10-1-2.default.pod.cluster.local"}).rcode, Rcode::kNxDomain);
  EXPECT_EQ(zone.ask({"10-1-2-3.nowhere.pod.cluster.local"}).rcode, Rcode::kNxDomain);
}

TEST(DnsAnswer, TheZonesOwnRecords) {
  DnsZone zone = cluster();
  zone.zone.setServers({*IpAddress::parse("10.96.0.2")});
  EXPECT_THAT(zone.ask({"dns-version.cluster.local", Type::kTxt}).answer,
              ElementsAre("dns-version.cluster.local. 28800 TXT \"1.1.0\""));
  EXPECT_THAT(zone.ask({"cluster.local", Type::kSoa}).answer, ElementsAre(kSoa));
  const DnsResponse ns = zone.ask({"cluster.local", Type::kNs});
  EXPECT_THAT(ns.answer, ElementsAre("cluster.local. 5 NS ns.dns.cluster.local."));
  EXPECT_THAT(ns.additional, ElementsAre("ns.dns.cluster.local. 5 A 10.96.0.2"));
  EXPECT_THAT(zone.ask({"ns.dns.cluster.local"}).answer,
              ElementsAre("ns.dns.cluster.local. 5 A 10.96.0.2"));
  zone.context.contact = zone.clock.mono();
  zone.clock.advance(milliseconds(1250));
  EXPECT_THAT(zone.ask({"generation.cluster.local", Type::kTxt}).answer,
              ElementsAre("generation.cluster.local. 0 TXT \"generation=1\" \"resourceVersion=1\" "
                          "\"age=1.250s\""));
}

TEST(DnsAnswer, WhatIsNotServedIsRefused) {
  DnsZone zone = cluster();
  const DnsAsk chaos{.name = "version.bind", .type = Type::kTxt, .klass = 3};
  EXPECT_EQ(zone.ask(chaos).rcode, Rcode::kRefused);
  EXPECT_EQ(zone.ask({"cluster.local", Type::kAxfr}).rcode, Rcode::kRefused);
}

TEST(DnsAnswer, NothingIsAbsentBeforeTheFirstSync) {
  DnsZone zone;
  const DnsResponse answer = zone.ask({.name = "web.default.svc.cluster.local", .edns = 1232});
  EXPECT_EQ(answer.rcode, Rcode::kServFail);
  EXPECT_EQ(answer.edns, 1232);
  EXPECT_EQ(zone.outcome({"example.com"}).action, Outcome::Action::kForward);
}

TEST(DnsAnswer, TtlFollowsTheStateOfTheService) {
  DnsZone zone = cluster();
  zone.changeSlice(testing::slice("db", {{.ip = "10.0.1.9", .hostname = "db-0"}}));
  const std::string name = "db.default.svc.cluster.local";
  EXPECT_THAT(zone.ask({name}).answer, ElementsAre(name + ". 1 A 10.0.1.9"));
  EXPECT_EQ(zone.ask({"other." + name}).authority.front().substr(0, 21), "cluster.local. 1 SOA ");
  zone.clock.advance(seconds(61));
  EXPECT_THAT(zone.ask({name}).answer, ElementsAre(name + ". 5 A 10.0.1.9"));
  // Endpoints behind a cluster IP come and go: the name stays what it is.
  zone.changeSlice(testing::slice("web", {{"10.0.0.3"}}));
  EXPECT_THAT(zone.ask({"web.default.svc.cluster.local"}).answer,
              ElementsAre("web.default.svc.cluster.local. 5 A 10.96.0.10"));
}

TEST(DnsAnswer, TooManyAddressesAreCutAndSaidToBe) {
  DnsZone zone;
  std::vector<testing::EndpointSpec> endpoints;
  for (int i = 0; i < 1000; ++i) {
    endpoints.push_back({.ip = fmt::format("10.1.{}.{}", i / 250, i % 250 + 1)});
  }
  zone.load({headless("big")}, {testing::slice("big", endpoints)});
  const std::string name = "big.default.svc.cluster.local";
  const DnsResponse plain = zone.ask({name});
  EXPECT_TRUE(plain.truncated());
  EXPECT_EQ(plain.answer.size(), 29U);  // 512 bytes
  const DnsResponse larger = zone.ask({.name = name, .edns = 4096});
  EXPECT_TRUE(larger.truncated());
  EXPECT_EQ(larger.answer.size(), 73U);  // 1232 bytes
  zone.context.transport = Transport::kTcp;
  const DnsResponse all = zone.ask({name});
  EXPECT_FALSE(all.truncated());
  EXPECT_EQ(all.answer.size(), 1000U);
}

TEST(DnsAnswer, AddressesAreShuffled) {
  DnsZone zone = cluster();
  std::set<std::string> firsts;
  for (std::uint64_t i = 1; i < 40; ++i) {
    zone.context.random = i * 0x9e3779b97f4a7c15ULL;
    firsts.insert(zone.ask({"db.default.svc.cluster.local"}).answer.front());
  }
  EXPECT_EQ(firsts.size(), 2U);
}

TEST(DnsAnswer, ANameIsWithdrawnBeforeAndPublishedAfterTheRules) {
  DnsZone zone = cluster();
  zone.take(testing::service("new", "10.96.0.77"));
  zone.take(testing::service("web", "10.96.0.11"));
  const Zone::Edit edit = zone.prepare();
  zone.zone.withdraw(edit);
  EXPECT_EQ(zone.ask({"new.default.svc.cluster.local"}).rcode, Rcode::kNxDomain);
  EXPECT_THAT(zone.ask({"web.default.svc.cluster.local"}).answer, IsEmpty());
  zone.context.mayPark = true;
  EXPECT_EQ(zone.outcome({"web.default.svc.cluster.local"}).action, Outcome::Action::kPark);
  zone.zone.publish(edit, 2, zone.clock.wall());
  EXPECT_THAT(zone.ask({"new.default.svc.cluster.local"}).answer,
              ElementsAre("new.default.svc.cluster.local. 1 A 10.96.0.77"));
  EXPECT_THAT(zone.ask({"web.default.svc.cluster.local"}).answer,
              ElementsAre("web.default.svc.cluster.local. 1 A 10.96.0.11"));

  zone.remove(testing::service("new", "10.96.0.77"));
  EXPECT_EQ(zone.ask({"new.default.svc.cluster.local"}).rcode, Rcode::kNxDomain);
  EXPECT_EQ(zone.outcome({"77.0.96.10.in-addr.arpa", Type::kPtr}).action,
            Outcome::Action::kForward);
}

TEST(DnsAnswer, AQueryForAPodThatComesBackIsParked) {
  DnsZone zone = cluster();
  zone.context.mayPark = true;
  const std::string name = "db-0.db.default.svc.cluster.local";
  EXPECT_EQ(zone.outcome({"db-2.db.default.svc.cluster.local"}).action, Outcome::Action::kPark);
  EXPECT_EQ(zone.outcome({"db-9.db.default.svc.cluster.local"}).action, Outcome::Action::kSend);
  zone.changeSlice(testing::slice("db", {}));
  EXPECT_EQ(zone.outcome({name}).action, Outcome::Action::kPark);
  EXPECT_EQ(zone.outcome({"db.default.svc.cluster.local"}).action, Outcome::Action::kPark);
  EXPECT_EQ(zone.outcome({name, Type::kAaaa}).action, Outcome::Action::kSend);  // It has none.
  EXPECT_EQ(zone.outcome({name, Type::kSrv}).action, Outcome::Action::kSend);
  zone.changeSlice(testing::slice("db", {{.ip = "10.0.1.7", .hostname = "db-0"}}));
  EXPECT_THAT(zone.ask({name}).answer, ElementsAre(name + ". 1 A 10.0.1.7"));
}

TEST(DnsAnswer, ASearchListIsWalkedInOneRoundTrip) {
  DnsZone zone = cluster();
  const std::vector<Name> search{*Name::parse("kube-system.svc.cluster.local"),
                                 *Name::parse("svc.cluster.local"), *Name::parse("cluster.local"),
                                 *Name::parse("corp.example")};
  zone.context.search = &search;
  EXPECT_THAT(
      zone.ask({"web.default.kube-system.svc.cluster.local"}).answer,
      ElementsAre(
          "web.default.kube-system.svc.cluster.local. 1 CNAME web.default.svc.cluster.local.",
          "web.default.svc.cluster.local. 5 A 10.96.0.10"));
  Outcome outcome = zone.outcome({"www.example.com.kube-system.svc.cluster.local"});
  ASSERT_EQ(outcome.action, Outcome::Action::kFollow);
  EXPECT_EQ(outcome.followUp.candidates.front().text(), "www.example.com.corp.example.");
  testing::Bytes absent = testing::message({"www.example.com.corp.example"});
  absent[2] |= 0x80;
  absent[3] |= 3;
  outcome = followed(zone.zone, zone.parsed, zone.context, outcome.followUp, absent, zone.buffer);
  ASSERT_EQ(outcome.action, Outcome::Action::kFollow);
  EXPECT_EQ(outcome.followUp.candidates.front().text(), "www.example.com.");
  outcome = followed(zone.zone, zone.parsed, zone.context, outcome.followUp, absent, zone.buffer);
  EXPECT_EQ(outcome.rcode, Rcode::kNxDomain);
  outcome = zone.outcome({"www.example.com.kube-system.svc.cluster.local"});
  outcome = followed(zone.zone, zone.parsed, zone.context, outcome.followUp, {}, zone.buffer);
  EXPECT_EQ(outcome.rcode, Rcode::kNxDomain);  // The client walks on, and learns what fails.
  // Only below the first of the list.
  EXPECT_EQ(zone.outcome({"www.example.com.svc.cluster.local"}).rcode, Rcode::kNxDomain);
}

}  // namespace
}  // namespace hitless::dns
