#include "core/policy/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/policy/evaluate_fixture.h"

namespace hitless::policy {
namespace {

using ::testing::HasSubstr;

State shop() {
  Cluster cluster;
  cluster.ns("shop", {{"team", "shop"}}).ns("ops", {{"team", "ops"}});
  cluster.pod("shop/web", "10.0.1.1", {{"app", "web"}});
  cluster.pod("shop/db", "10.0.1.2 fd00::2", {{"app", "db"}}).ports = {
      {"sql", Protocol::kTcp, 5432}};
  cluster.pod("ops/six", "fd00::9");
  cluster.pod("shop/new", "");
  cluster.pod("shop/job", "10.0.1.7").finished = true;
  cluster.policy("shop/db-in", R"(
      podSelector: {matchLabels: {app: db}}
      ingress:
      - from:
        - namespaceSelector: {matchLabels: {team: ops}}
        - ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.128/25]}
      - from: [{podSelector: {matchLabels: {app: web}}}]
        ports: [{port: sql}, {port: 8000, endPort: 8010}, {protocol: UDP}])");
  cluster.policy("shop/web-out", "{podSelector: {}, policyTypes: [Egress], egress: []}");
  cluster.policy("shop/web-sql", R"(
      podSelector: {matchLabels: {app: web}}
      policyTypes: [Egress]
      egress: [{ports: [{port: sql}]}])");
  return cluster.state();
}

Result<Answer> ask(const Evaluator& evaluator, const std::string& from, const std::string& to,
                   const std::string& port) {
  return parseProbe(from, to, port).and_then([&](const Probe& probe) {
    return answer(evaluator, probe, "shop");
  });
}

std::string textFor(const std::string& from, const std::string& to, const std::string& port) {
  const Evaluator evaluator(shop());
  return textOf(evaluator, ask(evaluator, from, to, port).value());
}

std::string errorFor(const std::string& from, const std::string& to, const std::string& port) {
  const Evaluator evaluator(shop());
  const auto answered = ask(evaluator, from, to, port);
  return answered ? "no error" : answered.error().text();
}

TEST(ExplainPolicy, SaysWhichRuleAllows) {
  EXPECT_EQ(textFor("shop/web", "shop/db", "sql/TCP"),
            "shop/web (10.0.1.1) -> shop/db (10.0.1.2) 5432/TCP: allowed\n"
            "  egress of shop/web: allowed, shop/web-sql rule 1 allows it\n"
            "    shop/web-out selects all pods, and has no rule\n"
            "    shop/web-sql selects app=web\n"
            "      + rule 1: to anywhere, ports sql/TCP\n"
            "  ingress of shop/db: allowed, shop/db-in rule 2 allows it\n"
            "    shop/db-in selects app=db\n"
            "      - rule 1: from all pods of namespaces team=ops or 192.0.2.0/24 except "
            "192.0.2.128/25, ports all (another peer)\n"
            "      + rule 2: from pods app=web of namespace shop, ports sql/TCP or 8000-8010/TCP "
            "or all of UDP\n");
}

TEST(ExplainPolicy, SaysWhatEachRuleMissed) {
  const std::string text = textFor("web", "db", "81");
  EXPECT_THAT(text, HasSubstr("-> shop/db (10.0.1.2) 81/TCP: denied\n"));
  EXPECT_THAT(text, HasSubstr("egress of shop/web: denied, no rule of shop/web-out, shop/web-sql "
                              "allows it\n"));
  EXPECT_THAT(text, HasSubstr("- rule 1: to anywhere, ports sql/TCP (another port)\n"));
}

TEST(ExplainPolicy, ChoosesAddressesOfOneFamily) {
  EXPECT_THAT(textFor("ops/six", "shop/db", "80"),
              HasSubstr("ops/six (fd00::9) -> shop/db (fd00::2) 80/TCP: allowed\n"));
  EXPECT_EQ(errorFor("ops/six", "shop/web", "80"),
            "ops/six and shop/web have no addresses of one family");
  EXPECT_EQ(errorFor("192.0.2.1", "fd00::2", "80"),
            "192.0.2.1 and fd00::2 have no addresses of one family");
  EXPECT_THAT(textFor("shop/new", "shop/db", "80"), HasSubstr("shop/new (no address yet) -> "));
}

TEST(ExplainPolicy, KnowsPodsByTheirAddress) {
  EXPECT_THAT(textFor("10.0.1.1", "10.0.1.2", "5432"), HasSubstr("shop/web (10.0.1.1) -> shop/db"));
  EXPECT_THAT(textFor("192.0.2.5", "10.0.1.2", "5432"),
              HasSubstr("egress of 192.0.2.5: allowed, policies are only about pods with an "
                        "address of their own\n"));
}

TEST(ExplainPolicy, NamesWhatIsWrong) {
  EXPECT_EQ(errorFor("shop/wep", "shop/db", "80"),
            "there is no Pod shop/wep (did you mean shop/web?)");
  EXPECT_EQ(errorFor("shop/job", "shop/db", "80"),
            "Pod shop/job has ended: its address is nobody's or another pod's");
  EXPECT_EQ(errorFor("web", "db", "70000"), "port 70000 is not between 1 and 65535");
  EXPECT_EQ(errorFor("web", "db", "99999999999999999999"),
            "port 99999999999999999999 is not between 1 and 65535");
  EXPECT_EQ(errorFor("web", "db", "/TCP"),
            "a port is needed: a number, or the name of a port of the pod");
  EXPECT_EQ(errorFor("web", "db", "80/ICMP"), "protocol 'ICMP' is none of TCP, UDP and SCTP");
  EXPECT_EQ(errorFor("web", "db", "http"),
            "Pod shop/db has no port named 'http' for TCP (it has sql/TCP)");
  EXPECT_EQ(errorFor("web", "db", "sql/UDP"),
            "Pod shop/db has no port named 'sql' for UDP (it has sql/TCP)");
  EXPECT_EQ(errorFor("web", "192.0.2.1", "http"),
            "port 'http' is a name, but 192.0.2.1 is no pod: give its number");
}

TEST(ExplainPolicy, GivesProgramsTheSame) {
  const Evaluator evaluator(shop());
  const kube::json::object allowed = jsonOf(ask(evaluator, "web", "db", "sql").value());
  EXPECT_EQ(allowed, kube::parseJson(R"({"from":"web","to":"db","port":"sql","protocol":"TCP",
      "allowed":true,
      "egress":{"allowed":true,"reason":"shop/web-sql rule 1 allows it",
                "policies":["shop/web-out","shop/web-sql"],"by":"shop/web-sql rule 1"},
      "ingress":{"allowed":true,"reason":"shop/db-in rule 2 allows it",
                 "policies":["shop/db-in"],"by":"shop/db-in rule 2"},
      "portNumber":5432,"fromAddress":"10.0.1.1","toAddress":"10.0.1.2"})")
                         .value());
  const kube::json::object denied = jsonOf(ask(evaluator, "new", "web", "80").value());
  EXPECT_EQ(denied, kube::parseJson(R"({"from":"new","to":"web","port":80,"protocol":"TCP",
      "allowed":false,
      "egress":{"allowed":false,"reason":"no rule of shop/web-out allows it",
                "policies":["shop/web-out"]},
      "ingress":{"allowed":true,"reason":"no policy selects it for ingress","policies":[]},
      "toAddress":"10.0.1.1"})")
                        .value());
  EXPECT_EQ(lineOf(ask(evaluator, "new", "web", "80").value()),
            "shop/new (no address yet) -> shop/web (10.0.1.1) 80/TCP: denied, egress: no rule of "
            "shop/web-out allows it\n");
}

Result<std::vector<Probe>> probes(std::string_view text) {
  return probesOf(kube::parseJson(text).value(), "probes.json");
}

TEST(PolicyProbes, AreReadFromAList) {
  const auto read = probes(R"([{"from":"x/a","to":"10.0.0.1","port":80,"protocol":"SCTP"},
                               {"from":"b","to":"x/c","port":"http"}])");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at(0).port, "80");
  EXPECT_EQ(read->at(0).protocol, Protocol::kSctp);
  EXPECT_EQ(read->at(1).port, "http");
  EXPECT_EQ(read->at(1).protocol, Protocol::kTcp);
}

TEST(PolicyProbes, ErrorsNameTheEntry) {
  EXPECT_EQ(probes("{}").error().text(),
            "probes.json: probes are a list of objects with from, to, port and protocol");
  EXPECT_EQ(probes(R"([{"from":"a","to":"b","port":1},7])").error().text(),
            "probes.json[1]: a probe is an object with from, to, port and protocol");
  EXPECT_EQ(probes(R"([{"from":"a","port":1}])").error().text(),
            "probes.json[0]: 'to' must be a pod's NAMESPACE/NAME or an IP address");
  EXPECT_EQ(probes(R"([{"from":"a","to":"b","prot":"UDP"}])").error().text(),
            "probes.json[0]: 'prot' is none of from, to, port and protocol");
  EXPECT_EQ(probes(R"([{"from":"a","to":"b","port":1,"protocol":"tcp"}])").error().text(),
            "probes.json[0]: protocol 'tcp' is none of TCP, UDP and SCTP");
}

}  // namespace
}  // namespace hitless::policy
