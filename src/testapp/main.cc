#include <string_view>

#include "testapp/options.h"
#include "testapp/server.h"

namespace {

constexpr std::string_view kIntroduction =
    "hitless-testapp: a small server for rehearsals; HTTP/1.1, HTTP/2 (h2c) and gRPC on one "
    "port\n\n"
    "  GET /         answers with the pod's name\n"
    "  GET /delay/N  answers after N seconds (decimals allowed)\n"
    "  GET /bytes/N  answers with N bytes\n"
    "  GET /healthz  answers 200 once it listens\n"
    "  gRPC: /hitless.Test/WhoAmI, /hitless.Test/Delay, /grpc.health.v1.Health/Check\n\n";

}  // namespace

int main(int argc, char** argv) {
  using namespace hitless::testapp;
  return runProgram(argc, argv, "hitless-testapp", kIntroduction, serve);
}
