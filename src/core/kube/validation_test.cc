#include "core/kube/validation.h"

#include <gtest/gtest.h>

#include "core/kube/defaulting.h"
#include "core/kube/patch.h"
#include "core/kube/yaml.h"
#include "testing/golden.h"

namespace hitless::kube {
namespace {

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

/// An object of the kind with nothing wrong with it, after `patch`.
json::object valid(const Resource& resource, std::string_view patch = "{}") {
  json::value object = parse(R"({"metadata":{"name":"x","namespace":"d"}})");
  if (resource.kind == "Deployment" || resource.kind == "ReplicaSet") {
    object.as_object()["spec"] = parse(R"({"selector":{"matchLabels":{"a":"b"}},"template":{
        "metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}})");
  } else if (resource.kind == "Pod") {
    object.as_object()["spec"] = parse(R"({"containers":[{"name":"c","image":"i"}]})");
  } else if (resource.kind == "Service") {
    object.as_object()["spec"] = parse(R"({"ports":[{"port":80}]})");
  } else if (resource.kind == "EndpointSlice") {
    object.as_object()["addressType"] = "IPv4";
    object.as_object()["endpoints"] = json::array{};
  }
  applyMergePatch(object, parse(patch));
  applyDefaults(resource, object.as_object());
  return object.as_object();
}

std::vector<std::string> errorsOf(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) {
    out.push_back(error.text());
  }
  return out;
}

struct Case {
  const Resource& resource;
  const char* patch;
  const char* error;  ///< The only one.
};

TEST(ValidateCreate, AcceptsWhatIsRight) {
  for (const Resource* resource :
       {&res::kDeployments, &res::kReplicaSets, &res::kPods, &res::kServices, &res::kEndpointSlices,
        &res::kConfigMaps, &res::kSecrets, &res::kLeases}) {
    EXPECT_EQ(errorsOf(validateCreate(*resource, valid(*resource))), std::vector<std::string>{})
        << resource->kind;
  }
}

TEST(ValidateCreate, SaysWhatIsWrongInTheServersWords) {
  for (
      const Case& item : {
          Case{res::kDeployments, R"({"spec":{"replicas":-1}})",
               "spec.replicas: Invalid value: -1: must be greater than or equal to 0"},
          {res::kDeployments,
           R"({"spec":{"strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":0}}}})",
           "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:0, "
           "IntVal:0, StrVal:\"\"}: may not be 0 when `maxSurge` is 0"},
          {res::kDeployments, R"({"spec":{"strategy":{"type":"Sometimes"}}})",
           "spec.strategy.type: Unsupported value: \"Sometimes\": supported values: \"Recreate\", "
           "\"RollingUpdate\""},
          {res::kDeployments, R"({"spec":{"selector":null}})", "spec.selector: Required value"},
          {res::kDeployments, R"({"spec":{"template":{"metadata":{"labels":{"a":"c"}}}}})",
           "spec.template.metadata.labels: Invalid value: map[string]string{\"a\":\"c\"}: "
           "`selector` does not match template `labels`"},
          {res::kDeployments, R"({"spec":{"template":{"spec":{"restartPolicy":"Never"}}}})",
           "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: "
           "\"Always\""},
          {res::kDeployments, R"({"spec":{"progressDeadlineSeconds":5,"minReadySeconds":5}})",
           "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"},
          {res::kPods, R"({"metadata":{"name":""}})",
           "metadata.name: Required value: name or generateName is required"},
          {res::kPods, R"({"spec":{"containers":null}})", "spec.containers: Required value"},
          {res::kPods, R"({"spec":{"containers":[{"name":"c"}]}})",
           "spec.containers[0].image: Required value"},
          {res::kPods,
           R"({"spec":{"containers":[{"name":"c","image":"i"},{"name":"c","image":"i"}]}})",
           "spec.containers[1].name: Duplicate value: \"c\""},
          {res::kPods,
           R"({"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":70000}]}]}})",
           "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and "
           "65535, inclusive"},
          {res::kPods, R"({"spec":{"containers":[{"name":"c","image":"i","livenessProbe":{}}]}})",
           "spec.containers[0].livenessProbe: Required value: must specify a handler type"},
          {res::kPods,
           R"({"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[
                {"name":"v","mountPath":"/v"}]}]}})",
           "spec.containers[0].volumeMounts[0].name: Not found: \"v\""},
          {res::kPods,
           R"({"spec":{"containers":[{"name":"c","image":"i","resources":{
                "limits":{"cpu":"100m"},"requests":{"cpu":"0.2"}}}]}})",
           "spec.containers[0].resources.requests[cpu]: Invalid value: \"0.2\": must be less than "
           "or equal to cpu limit of 100m"},
          {res::kPods,
           R"({"spec":{"volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/"}}]}})",
           "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"},
          {res::kPods, R"({"spec":{"dnsPolicy":"Sometimes"}})",
           "spec.dnsPolicy: Unsupported value: \"Sometimes\": supported values: "
           "\"ClusterFirst\", \"ClusterFirstWithHostNet\", \"Default\", \"None\""},
          {res::kPods, R"({"spec":{"dnsPolicy":"None"}})",
           "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"},
          {res::kPods, R"({"spec":{"dnsPolicy":"None","dnsConfig":{"searches":["a"]}}})",
           "spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver "
           "when `dnsPolicy` is None"},
          {res::kPods,
           R"({"spec":{"dnsConfig":{"nameservers":["1.1.1.1","1.1.1.2","1.1.1.3","::1"]}}})",
           "spec.dnsConfig.nameservers: Invalid value: []string{\"1.1.1.1\", \"1.1.1.2\", "
           "\"1.1.1.3\", \"::1\"}: must not have more than 3 nameservers"},
          {res::kPods, R"({"spec":{"dnsConfig":{"nameservers":["dns.example.com"]}}})",
           "spec.dnsConfig.nameservers[0]: Invalid value: \"dns.example.com\": must be a valid IP "
           "address, (e.g. 10.9.8.7 or 2001:db8::ffff)"},
          {res::kPods, R"({"spec":{"dnsConfig":{"options":[{"name":"a"},{"value":"b"}]}}})",
           "spec.dnsConfig.options[1]: Required value: must not be empty"},
          {res::kDeployments,
           R"({"spec":{"template":{"spec":{"dnsPolicy":"None","dnsConfig":{}}}}})",
           "spec.template.spec.dnsConfig.nameservers: Required value: must provide at least one "
           "DNS nameserver when `dnsPolicy` is None"},
          {res::kServices, R"({"spec":{"ports":null}})", "spec.ports: Required value"},
          {res::kServices, R"({"spec":{"ports":[{"port":80},{"port":81,"name":"b"}]}})",
           "spec.ports[0].name: Required value"},
          {res::kServices, R"({"spec":{"ports":[{"port":80,"nodePort":30000}]}})",
           "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"},
          {res::kServices, R"({"spec":{"clusterIP":"1.2.3"}})",
           "spec.clusterIPs[0]: Invalid value: \"1.2.3\": must be a valid IP address, (e.g. "
           "10.9.8.7 or 2001:db8::ffff)"},
          {res::kServices, R"({"spec":{"type":"ExternalName"}})",
           "spec.externalName: Required value"},
          {res::kEndpointSlices, R"({"endpoints":[{"addresses":["::1"]}]})",
           "endpoints[0].addresses[0]: Invalid value: \"::1\": must be a valid IPv4 address"},
          {res::kConfigMaps, R"({"data":{"..a":""}})",
           "data[..a]: Invalid value: \"..a\": must not start with '..'"},
          {res::kLeases, R"({"spec":{"leaseDurationSeconds":0}})",
           "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"},
      }) {
    EXPECT_EQ(errorsOf(validateCreate(item.resource, valid(item.resource, item.patch))),
              std::vector<std::string>{item.error})
        << item.patch;
  }
}

/// The errors of a pod with these search domains.
std::vector<std::string> searchErrors(const std::vector<std::string>& searches) {
  json::object pod = valid(res::kPods);
  json::array list;
  for (const std::string& domain : searches) {
    list.emplace_back(domain);
  }
  pod["spec"].as_object()["dnsConfig"] = json::object{{"searches", std::move(list)}};
  return errorsOf(validateCreate(res::kPods, pod));
}

TEST(ValidateCreate, LimitsSearchDomains) {
  EXPECT_TRUE(searchErrors({".", "_tcp.example.com.", "a_b"}).empty());
  const auto underscore = searchErrors({"a", "Example.com"});
  ASSERT_EQ(underscore.size(), 1U);
  EXPECT_TRUE(underscore[0].starts_with(
      "spec.dnsConfig.searches[1]: Invalid value: \"Example.com\": a lowercase RFC 1123"));
  EXPECT_TRUE(searchErrors(std::vector<std::string>(32, "a")).empty());
  const auto many = searchErrors(std::vector<std::string>(33, "a"));
  ASSERT_EQ(many.size(), 1U);
  EXPECT_TRUE(many[0].ends_with("must not have more than 32 search paths"));
  // Eight of 253 characters and one of 16, with spaces, are 2048.
  std::string label(62, 'x');
  const std::string longest = label + "x." + label + "x." + label + "x." + label.substr(1);
  std::vector<std::string> searches(8, longest);
  searches.push_back(std::string(16, 'y'));
  EXPECT_TRUE(searchErrors(searches).empty());
  searches.back() += 'y';
  const auto long_ = searchErrors(searches);
  ASSERT_EQ(long_.size(), 1U);
  EXPECT_TRUE(long_[0].ends_with(
      "must not have more than 2048 characters (including spaces) in the search list"));
}

TEST(ValidateUpdate, KeepsAWorkloadsSelector) {
  const json::object before = valid(res::kDeployments);
  const json::object now =
      valid(res::kDeployments, R"({"spec":{"selector":{"matchLabels":{"x":"y"}}}})");
  const auto errors = validateUpdate(res::kDeployments, now, before);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].text(),
            "spec.template.metadata.labels: Invalid value: map[string]string{\"a\":\"b\"}: "
            "`selector` does not match template `labels`");
  EXPECT_EQ(errors[1].text(),
            "spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{\"a\":"
            "\"b\", \"x\":\"y\"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is "
            "immutable");
}

TEST(ValidateUpdate, LetsAPodChangeItsImageOnly) {
  const json::object before = valid(res::kPods);
  const json::object image =
      valid(res::kPods, R"({"spec":{"containers":[{"name":"c","image":"j"}]}})");
  json::object expected = before;
  EXPECT_TRUE(validateUpdate(res::kPods, before, before).empty());
  EXPECT_EQ(errorsOf(validateUpdate(res::kPods, image, before)), std::vector<std::string>{});
  const auto errors =
      validateUpdate(res::kPods, valid(res::kPods, R"({"spec":{"nodeName":"n"}})"), before);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].reason, "FieldValueForbidden");
  EXPECT_EQ(errors[0].field, "spec");
  EXPECT_TRUE(errors[0].message.starts_with(
      "Forbidden: pod updates may not change fields other than `spec.containers[*].image`"));
  EXPECT_NE(errors[0].message.find("+ spec.nodeName: \"n\""), std::string::npos);
}

TEST(ValidateUpdate, KeepsWhatMayNotChange) {
  for (const Case& item : {
           Case{res::kServices, R"({"spec":{"clusterIP":"10.0.0.2","clusterIPs":["10.0.0.2"]}})",
                "spec.clusterIPs[0]: Invalid value: []string{\"10.0.0.2\"}: may not change once "
                "set"},
           {res::kEndpointSlices, R"({"addressType":"IPv6"})",
            "addressType: Invalid value: \"IPv6\": field is immutable"},
           {res::kSecrets, R"({"type":"x"})", "type: Invalid value: \"x\": field is immutable"},
           {res::kConfigMaps, R"({"data":{"a":"2"}})",
            "data: Forbidden: field is immutable when `immutable` is set"},
           {res::kConfigMaps, R"({"metadata":{"name":"y"}})",
            "metadata.name: Invalid value: \"y\": field is immutable"},
       }) {
    const json::object before =
        valid(item.resource, R"({"immutable":true,"spec":{"clusterIP":"10.0.0.1"}})");
    json::value now = before;
    applyMergePatch(now, parse(item.patch));
    EXPECT_EQ(errorsOf(validateUpdate(item.resource, now.as_object(), before)),
              std::vector<std::string>{item.error});
  }
}

struct TypeCase {
  const Resource& resource;
  const char* object;
  const char* error;
};

TEST(CheckTypes, SpeaksAsGosDecoderDoes) {
  for (const TypeCase& item : {
           TypeCase{res::kDeployments, R"({"spec":{"replicas":"3"}})",
                    "json: cannot unmarshal string into Go struct field "
                    "DeploymentSpec.spec.replicas of type int32"},
           {res::kDeployments, R"({"spec":{"replicas":1.5}})",
            "json: cannot unmarshal number 1.5E0 into Go struct field "
            "DeploymentSpec.spec.replicas of type int32"},
           {res::kDeployments,
            R"({"spec":{"template":{"spec":{"containers":[{"name":"a"},{"image":5}]}}}})",
            "json: cannot unmarshal number into Go struct field "
            "Container.spec.template.spec.containers.image of type string"},
           {res::kPods, R"({"metadata":{"labels":{"x":true}}})",
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type "
            "string"},
           {res::kPods, R"({"spec":{"containers":{}}})",
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type "
            "[]v1.Container"},
           {res::kPods, R"({"spec":[]})",
            "json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec"},
           {res::kPods, R"({"spec":{"containers":[{"resources":{"limits":{"cpu":"a lot"}}}]}})",
            "quantities must match the regular expression "
            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
       }) {
    const Status status = checkTypes(item.resource, parse(item.object));
    ASSERT_FALSE(status) << item.object;
    EXPECT_EQ(status.error().message, item.error);
  }
  EXPECT_TRUE(checkTypes(res::kPods, parse(R"({"metadata":{"creationTimestamp":null},
      "spec":{"containers":[{"livenessProbe":{"httpGet":{"port":"http"}},
      "resources":{"limits":{"cpu":1.5,"memory":"1Gi"}}}]},"unknown":7})")));
}

TEST(UnknownFields, AreNamedByTheirPath) {
  json::object object = parse(R"({"spec":{"foo":1,"template":{"spec":{"containers":[{"name":"c"},
      {"name":"d","imagee":"x","env":[{"nam":"x"}]}]}}},"speck":{}})");
  EXPECT_EQ(
      unknownFields(res::kDeployments, object),
      (std::vector<std::string>{"speck", "spec.foo", "spec.template.spec.containers[1].imagee",
                                "spec.template.spec.containers[1].env[0].nam"}));
  pruneUnknown(res::kDeployments, object);
  EXPECT_EQ(object, parse(R"({"spec":{"template":{"spec":{"containers":[{"name":"c"},
      {"name":"d","env":[{}]}]}}}})"));
}

TEST(RecordedManifests, PassStrictly) {
  for (const auto name : {"traces/d4.yaml", "traces/pods2.yaml", "traces/term.yaml"}) {
    const auto text = testing::golden(name);
    if (!text) {
      GTEST_SKIP() << "no recorded data";
    }
    const std::vector<YamlDocument> documents = parseYaml(*text, name).value();
    for (const YamlDocument& document : documents) {
      json::object object = document.value.as_object();
      const Resource* resource = findKind(std::string_view(object.at("apiVersion").as_string()),
                                          std::string_view(object.at("kind").as_string()));
      if (resource == nullptr) {
        continue;
      }
      EXPECT_EQ(unknownFields(*resource, object), std::vector<std::string>{}) << name;
      EXPECT_TRUE(checkTypes(*resource, object)) << name;
      object["metadata"].as_object()["namespace"] = "default";
      applyDefaults(*resource, object);
      EXPECT_EQ(errorsOf(validateCreate(*resource, object)), std::vector<std::string>{}) << name;
    }
  }
}

}  // namespace
}  // namespace hitless::kube
