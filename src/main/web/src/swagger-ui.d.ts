// What /docs uses of Swagger UI, which comes without types.
declare module 'swagger-ui-dist/swagger-ui-es-bundle' {
  export default function SwaggerUI(options: Record<string, unknown>): unknown;
}
