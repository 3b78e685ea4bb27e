#include <cstdio>
#include <cstdlib>

#include "testapp/options.h"
#include "testapp/server.h"

namespace {

constexpr std::string_view kIntroduction =
    "hitless-testapp: a small HTTP/1.1 server for rehearsals\n\n"
    "  GET /         answers with the pod's name\n"
    "  GET /delay/N  answers after N seconds (decimals allowed)\n"
    "  GET /bytes/N  answers with N bytes\n"
    "  GET /healthz  answers 200 once it listens\n\n";

}  // namespace

int main(int argc, char** argv) {
  using namespace hitless::testapp;
  const Parsed parsed = parseOptions({argv + 1, argv + argc}, [](const char* variable) {
    return static_cast<const char*>(std::getenv(variable));
  });
  if (parsed.help) {
    std::fputs(usage(kIntroduction).c_str(), stdout);
    return 0;
  }
  if (!parsed.error.empty()) {
    std::fprintf(stderr, "hitless-testapp: %s\n", parsed.error.c_str());
    return 2;
  }
  return serve(parsed.options);
}
