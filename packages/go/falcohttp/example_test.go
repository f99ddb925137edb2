package falcohttp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
	"github.com/falco-outputs/falco-outputs/packages/go/falcohttp"
)

func ExampleHandler() {
	handler := falcohttp.Handler(func(alert *falco.Alert) error {
		fmt.Println(alert.Priority, alert.Rule, alert.OutputFields["proc.cmdline"])
		return nil
	})
	server := httptest.NewServer(handler) // elsewhere: http.ListenAndServe("127.0.0.1:8080", handler)
	defer server.Close()

	// What Falco does, with url: http://127.0.0.1:8080/ and json_output: true.
	alert := `{"priority":"Notice","rule":"Terminal shell in container","output_fields":{"proc.cmdline":"bash"}}`
	response, err := http.Post(server.URL, "application/json", strings.NewReader(alert))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	// Output:
	// Notice Terminal shell in container bash
	// 200 OK
}
